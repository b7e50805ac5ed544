#!/bin/sh
# mmdebstrap's hook: the root becomes a machine that boots fast and takes root's ssh.   customize.sh ROOT KEY.pub
set -eu
root=$1 key=$2
in_root() { chroot "$root" "$@"; }
install -D -m 600 "$key" "$root/root/.ssh/authorized_keys"
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' > "$root/etc/systemd/network/80-dhcp.network"
echo 'LABEL=root / ext4 rw,noatime 0 1' > "$root/etc/fstab"
echo machine > "$root/etc/hostname"
echo '127.0.0.1 localhost machine' > "$root/etc/hosts"
in_root ssh-keygen -A
in_root systemctl enable systemd-networkd ssh
in_root systemctl mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
install -d "$root/etc/systemd/system.conf.d"
printf '[Manager]\nDefaultTimeoutStartSec=600s\n' > "$root/etc/systemd/system.conf.d/slow.conf"
# The profiles of programs that are not here cost 15 to 20 s of every emulated boot
find "$root/etc/apparmor.d" -maxdepth 1 -type f ! -name 'usr.lib.snapd*' -delete
# Each snap that comes or goes has systemd reload several times, and that runs all of these
for generator in debug gpt-auto hibernate-resume rc-local run ssh system-update sysv tpm2; do
    rm -f "$root/usr/lib/systemd/system-generators/systemd-$generator-generator"
done
# snapd makes no key to sign in at a store with, which takes half a minute
printf 'd /run/snapd 0755\nf /run/snapd/noregister 0644\n' > "$root/etc/tmpfiles.d/snapd.conf"
kernel=$(basename "$root"/lib/modules/*)
in_root dkms autoinstall -k "$kernel"
in_root modinfo -k "$kernel" -F filename v4l2loopback gpio-sim
rm -rf "$root"/usr/src/* "$root"/usr/lib/gcc "$root"/var/cache/apt "$root"/var/lib/apt/lists
in_root depmod "$kernel"
printf 'virtio_pci\nvirtio_blk\nvirtio_net\next4\n' >> "$root/etc/initramfs-tools/modules"
in_root update-initramfs -c -k "$kernel" || in_root update-initramfs -u -k "$kernel"
