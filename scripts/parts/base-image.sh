# shellcheck shell=bash
# The Debian image that ours begin with: pulled, or made from Debian packages where no registry answers. Sourced.

BASE_IMAGE="debian:bookworm-slim"
# A registry that exists answers well within this; a network that drops packets should not hold the set-up for minutes.
PULL_LIMIT_S=120

ensure_base_image() {
	if docker image inspect "$BASE_IMAGE" >/dev/null 2>&1; then
		note "base image $BASE_IMAGE is there"
		return
	fi
	say "pulling the base image $BASE_IMAGE"
	if timeout "$PULL_LIMIT_S" docker pull --quiet "$BASE_IMAGE" 2>/dev/null; then
		return
	fi
	note "no registry answers: making it from Debian packages instead"
	install_packages mmdebstrap
	with_progress "making $BASE_IMAGE from Debian packages (about 20 s)" make_base_image
}

make_base_image() (
	set -euo pipefail
	# As the slim images do: no manual pages and documents in the base. The pool's image wants manual pages and says so.
	mmdebstrap --variant=minbase --mode=root \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		bookworm - |
		docker import --change 'CMD ["bash"]' --message "minbase" - "$BASE_IMAGE"
)

# offer_extra_authorities: gives image builds the certificate authorities that this machine's Node was told of, for
# networks that inspect TLS. They are used while packages are fetched and do not stay in any image.
offer_extra_authorities() {
	local offered="$ROOT/.build/extra-ca.crt"
	mkdir -p "$ROOT/.build"
	if [[ -z "${NODE_EXTRA_CA_CERTS:-}" ]]; then
		rm -f "$offered"
	elif ! cmp -s "$NODE_EXTRA_CA_CERTS" "$offered"; then
		note "builds get the certificate authorities of NODE_EXTRA_CA_CERTS"
		cp "$NODE_EXTRA_CA_CERTS" "$offered"
	fi
}
