#!/usr/bin/env bash
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$ROOT/scripts/parts/console.sh"
source "$ROOT/test/vm/guest-image.sh"
source "$ROOT/test/vm/job-disk.sh"

RESULTS="$ROOT/test/artifacts/vm"
LIMIT_S="${VM_LIMIT:-21600}"
MEMORY_MIB="${VM_MEMORY:-4096}"
CPUS="${VM_CPUS:-2}"
# Under software emulation a container takes 20 to 45 s to be ready instead of one.
EMULATED_SLOWNESS=15
RESULTS_BYTES=$((256 * 1024 * 1024))

usage() {
	cat <<HELP
usage: test/vm/run.sh [--ready-made] [--rebuild] [ATTACK...]

Boots a Debian $GUEST_SUITE guest under qemu, with systemd, control groups version 2, AppArmor and Debian's
docker.io, and in it, from a clean clone of the last commit: runs scripts/up.sh until the gateway
answers and a shell has printed a prompt, then attacks. Returns non-zero where anything failed.

  ATTACK        files of test/attack without .test.ts; all where none is named
  --ready-made  take this machine's pool image (CONTAINER_IMAGE), .node and node_modules along instead of
                making them in the guest; the gateway is started as up.sh does
  --rebuild     make the guest's disk anew, to take in updates of the packages

Uses /dev/kvm where the processor has virtualisation. Without, everything takes ten to thirty times
as long, and bounds in time are as much wider (TEST_SLOWNESS, $EMULATED_SLOWNESS).

results      $RESULTS
guest disk   $GUEST_FOLDER (VM_FOLDER for another; 2 GB)
settings     VM_MEMORY MiB ($MEMORY_MIB), VM_CPUS ($CPUS), VM_LIMIT seconds for all ($LIMIT_S)

The guest uses this machine's network, its http_proxy, https_proxy, no_proxy and npm_config_registry, apt's proxies,
and the certificate authorities in NODE_EXTRA_CA_CERTS. Needs root; makes nothing outside of the
folders above but the Debian packages qemu-system-x86, mmdebstrap and e2fsprogs.
HELP
}

is_ready_made=false
is_rebuild=false
attacks=()
for argument in "$@"; do
	case "$argument" in
	--help) usage && exit 0 ;;
	--ready-made) is_ready_made=true ;;
	--rebuild) is_rebuild=true ;;
	-*) usage >&2 && exit 2 ;;
	*)
		[[ -f "$ROOT/test/attack/$argument.test.ts" ]] || fail "there is no test/attack/$argument.test.ts"
		attacks+=("$argument")
		;;
	esac
done

# has_kvm: the device alone says nothing; some hosts have one that runs special guests only.
has_kvm() { [[ -w /dev/kvm ]] && grep -Eqw 'vmx|svm' /proc/cpuinfo; }

boot() {
	# Node has a check that fails now and then where there are memory protection keys, and emulated ones are of no use.
	local accelerator=(-accel "tcg,thread=multi,tb-size=1024" -cpu "max,pku=off")
	if has_kvm; then accelerator=(-accel kvm -cpu host); fi
	# Of the guest's disk only a copy is written, which goes with qemu.
	timeout --foreground "$LIMIT_S" qemu-system-x86_64 "${accelerator[@]}" \
		-m "$MEMORY_MIB" -smp "$CPUS" -display none -no-reboot -rtc base=utc \
		-kernel "$GUEST_FOLDER/vmlinuz" -initrd "$GUEST_FOLDER/initrd" \
		-append "root=/dev/vda rw console=ttyS0 quiet panic=-1" \
		-drive "file=$GUEST_FOLDER/disk.img,format=raw,if=virtio,snapshot=on" \
		-drive "file=$work/job.img,format=raw,if=virtio,readonly=on" \
		-drive "file=$work/results.tar,format=raw,if=virtio,cache=unsafe" \
		-nic user,model=virtio-net-pci -device virtio-rng-pci -serial stdio </dev/null
}

((EUID == 0)) || fail "the guest's disk is made as root" "Run this as root."
install_packages qemu-system-x86 mmdebstrap e2fsprogs
if $is_rebuild || ! is_guest_there; then make_guest; fi

work="$(mktemp -d -t berth-vm.XXXXXX)"
trap 'rm -rf "$work"' EXIT
SLOWNESS="$EMULATED_SLOWNESS"
if has_kvm; then SLOWNESS=1; fi
make_job_disk "$work" "$is_ready_made" "$SLOWNESS" "${attacks[@]}"
truncate -s "$RESULTS_BYTES" "$work/results.tar"

rm -rf "$RESULTS"
mkdir -p "$RESULTS"
say "booting the guest (its console: $RESULTS/console.log)"
status=0
boot | tee "$RESULTS/console.log" | grep --line-buffered -ao 'guest: .*' || status=$?
tar -xf "$work/results.tar" -C "$RESULTS" ||
	fail "the guest brought no results out (status $status)" "See $RESULTS/console.log"
say "results: $RESULTS"
cat "$RESULTS/summary"
# Written last.
[[ -f "$RESULTS/verdict" ]] ||
	fail "the guest did not come to its end (status $status)" "VM_LIMIT is $LIMIT_S s. See $RESULTS/console.log"
[[ "$(cat "$RESULTS/verdict")" == passed ]]
