#!/bin/sh
# The Pi's hardware, in the machine:   hardware.sh camera-in | camera-out | header
set -eu
here=$(cd "$(dirname "$0")" && pwd)
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
esac
