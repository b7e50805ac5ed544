#!/bin/sh
# The Pi's hardware and the vehicle's, in the machine:
#   hardware.sh camera-in | camera-out | header | receiver-in | receiver-out | can-in | line-low PIN | line-high PIN
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pull_of() { find /sys/devices/platform/gpio-sim.* -path "*/sim_gpio$1/pull"; }
case $1 in
camera-in) # a USB camera of 320 x 240 that sees the rendered driver at 2 pictures a second
    modprobe v4l2loopback video_nr=0 card_label=rendered exclusive_caps=1
    systemd-run --quiet --unit feeder --property Restart=always /usr/bin/python3 "$here/feeder.py" /dev/video0 "$here/frames.yuyv" 320 240 2
    ;;
camera-out)
    systemctl stop feeder
    for _ in $(seq 60); do
        rmmod v4l2loopback 2>/dev/null && exit # in use until the detector has noticed
        sleep 1
    done
    rmmod v4l2loopback
    ;;
header) # 28 GPIO lines on a chip with the label of a Pi 4's
    modprobe gpio-sim
    chip=/sys/kernel/config/gpio-sim/header
    mkdir -p $chip/bank0
    echo 28 > $chip/bank0/num_lines
    echo pinctrl-bcm2711 > $chip/bank0/label
    echo 1 > $chip/live
    value=$(find /sys/devices/platform/gpio-sim.* -path '*/sim_gpio17/value')
    systemd-run --quiet --unit line-watcher /usr/bin/python3 "$here/line-watcher.py" "$value" /run/buzzer-rises
    ;;
receiver-in) # a USB GPS receiver: what is written at the other end, ttyGS0, comes out of ttyACM0; /run/gps-kmh has the speed
    [ -e /run/gps-kmh ] || echo no fix > /run/gps-kmh
    modprobe dummy_hcd
    modprobe cdc-acm
    modprobe g_serial
    udevadm settle
    systemd-run --quiet --unit receiver /usr/bin/python3 "$here/receiver.py" /dev/ttyGS0 /run/gps-kmh
    ;;
receiver-out)
    systemctl stop receiver
    rmmod g_serial
    ;;
can-in) # a vehicle's bus with one control unit; /run/can-kmh has the speed
    : > /run/can-kmh
    modprobe vcan
    modprobe can-raw
    ip link add vcan0 type vcan
    ip link set vcan0 up
    systemd-run --quiet --unit control-unit --property Restart=always /usr/bin/python3 "$here/control-unit.py" vcan0 /run/can-kmh
    ;;
line-low) # what is wired to an input pulls it down, as a pressed button does
    echo pull-down > "$(pull_of "$2")"
    ;;
line-high)
    echo pull-up > "$(pull_of "$2")"
    ;;
esac
