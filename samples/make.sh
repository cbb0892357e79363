#!/bin/bash
# Makes the sample captures: starts real servers and clients in network
# namespaces of its own and records what passes between them. Needs root and
# Debian 12; installs the Debian packages that are missing. No traffic leaves
# the machine, no system service is started, and all that it starts is ended.
set -euo pipefail

usage() {
	cat <<'END'
usage: make.sh [--only NAME]... [--out DIR] [--capture-with COMMAND] [--keep] [--list]

  --only NAME             make this sample only (may be repeated)
  --out DIR               where to write (default: beside this script)
  --capture-with COMMAND  capture with another program instead of tcpdump; {iface} and {out} are filled in:
                          --capture-with 'mailtap capture -i {iface} --db none --format jsonl'
                          what it prints on stdout goes to the script's stdout. It is ended with SIGTERM
  --keep                  keep the scratch directory with configurations and logs, and say where it is
  --list                  print the names of the samples
END
}

here=$(cd "$(dirname "$0")" && pwd)
out=$here only=() keep='' list='' name=''
exec 3>&1 4>&2 # the script's own, also while a scenario's output goes to a log
while (($#)); do
	case $1 in
	--only) only+=("${2:?}") && shift 2 ;;
	--out) out=${2:?} && shift 2 ;;
	--capture-with) CAPTURE_WITH=${2:?} && shift 2 ;;
	--keep) keep=1 && shift ;;
	--list) list=1 && shift ;;
	-h | --help) usage && exit ;;
	*) usage >&2 && exit 2 ;;
	esac
done

SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/mailtap-samples.XXXXXX")
chmod 755 "$SCRATCH" # the servers drop their rights and still read it
# shellcheck source=samples/lib.sh
. "$here/lib.sh"
# shellcheck source=samples/scenarios.sh
. "$here/scenarios.sh"
# shellcheck source=samples/weak_tls.sh
. "$here/weak_tls.sh"
# shellcheck source=samples/tampering.sh
. "$here/tampering.sh"
# shellcheck source=samples/oddities.sh
. "$here/oddities.sh"

clean_up() {
	local status=$?
	exec >&3 2>&4
	if ((status)) && [[ -n $name ]]; then
		cat "$SCRATCH/$name.log" >&2
		echo "make.sh: $name failed" >&2
	fi
	wire_down
	if [[ -n $keep ]]; then echo "kept $SCRATCH" >&2; else rm -rf "$SCRATCH"; fi
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

if [[ -n $list ]]; then
	printf '%s\n' "${SAMPLES[@]}"
	exit
fi
((EUID == 0)) || { echo "make.sh: needs root, for network namespaces" >&2; exit 1; }
packages "${UNPACKED:-$SCRATCH/unpacked}" >&2
mkdir -p "$out"
make_pki

# tape begins the recording; a scenario calls it when its servers are ready.
tape() { record "$out/$name.pcap"; }

((${#only[@]})) || only=("${SAMPLES[@]}")
for sample in "${only[@]}"; do
	scenario=sample_${sample//-/_}
	declare -F "$scenario" >/dev/null || { echo "make.sh: no sample is called $sample; see --list" >&2; exit 2; }
	name=$sample
	echo "== $name" >&2
	rm -rf "$DOVECOT" "$SCRATCH/mail" "$SCRATCH/exim"
	install -m 644 /dev/null "$USERS"
	wire_up
	"$scenario" >"$SCRATCH/$name.log" 2>&1
	record_end
	wire_down
done
