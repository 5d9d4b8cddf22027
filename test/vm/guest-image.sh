# shellcheck shell=bash
# The guest: a Debian system from its packages, on a disk of its own, with the kernel beside it. Sourced.

GUEST_SUITE=trixie
GUEST_FOLDER="${VM_FOLDER:-${XDG_CACHE_HOME:-$HOME/.cache}/berth-vm}"
GUEST_DISK_BYTES=$((24 * 1024 * 1024 * 1024))

# What the field has: systemd, AppArmor, a distribution's kernel and engine.
GUEST_SYSTEM=(systemd systemd-sysv dbus udev kmod initramfs-tools linux-image-cloud-amd64 apparmor ca-certificates
	docker.io docker-cli git iproute2 iptables procps)
# What the scripts would install first; at this machine's speed it takes a minute.
GUEST_TOOLS=(chromium fonts-dejavu-core g++ make mmdebstrap npm python3)

is_guest_there() { [[ -f "$GUEST_FOLDER/disk.img" && -f "$GUEST_FOLDER/vmlinuz" && -f "$GUEST_FOLDER/initrd" ]]; }

make_guest() {
	mkdir -p "$GUEST_FOLDER"
	with_progress "making the guest's disk from Debian packages (some minutes)" make_guest_disk
}

make_guest_disk() (
	set -euo pipefail
	tree="$(mktemp -d -p "$GUEST_FOLDER" tree.XXXXXX)"
	trap 'rm -rf "$tree"' EXIT
	packages="${GUEST_SYSTEM[*]} ${GUEST_TOOLS[*]}"
	mmdebstrap --variant=minbase --mode=root --include="${packages// /,}" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$GUEST_SUITE" "$tree"
	configure_guest "$tree"
	cp "$tree"/boot/vmlinuz-* "$GUEST_FOLDER/vmlinuz"
	cp "$tree"/boot/initrd.img-* "$GUEST_FOLDER/initrd"
	truncate -s "$GUEST_DISK_BYTES" "$GUEST_FOLDER/new.img"
	mke2fs -q -F -t ext4 -d "$tree" "$GUEST_FOLDER/new.img"
	mv "$GUEST_FOLDER/new.img" "$GUEST_FOLDER/disk.img"
)

# configure_guest TREE: the network of qemu, no console but the job's, and the job.
configure_guest() {
	local tree="$1"
	echo "/dev/vda / ext4 defaults 0 1" >"$tree/etc/fstab"
	echo berth-guest >"$tree/etc/hostname"
	printf '127.0.0.1 localhost berth-guest\n::1 localhost\n' >"$tree/etc/hosts"
	rm -f "$tree/etc/resolv.conf"
	echo "nameserver 10.0.2.3" >"$tree/etc/resolv.conf"
	mkdir -p "$tree/etc/systemd/network" "$tree/job"
	printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$tree/etc/systemd/network/80-guest.network"
	cp "$ROOT/test/vm/berth-vm.service" "$tree/etc/systemd/system/"
	ln -sf /dev/null "$tree/etc/systemd/system/serial-getty@ttyS0.service"
	chroot "$tree" systemctl enable systemd-networkd docker berth-vm
}
