#!/usr/bin/env bash
# Measures mailtap beside other programs that read captures, on made-up traffic.
#
#   MAIL_BYTES=500MB SPAN_BYTES=1GB LOGINS=200000   sizes of the three captures
#   RUNS=3                 runs of each program, in turn; the table has medians
#   LIMIT=600              seconds after which a run is given up
#   MAILTAP=./mailtap      the program to measure, from the repository's folder
#   TMPDIR=/tmp            where the captures are kept until they are measured
#
# Programs that are not installed are named and left out. "found" is how many
# log-ins a program lists, right or wrong, of those that the capture holds;
# ndpiReader counts connections.
set -euo pipefail
cd "$(dirname "$0")/../.."

mail_bytes=${MAIL_BYTES:-500MB}
span_bytes=${SPAN_BYTES:-1GB}
logins=${LOGINS:-200000}
runs=${RUNS:-3}
limit=${LIMIT:-600}
mailtap=${MAILTAP:-./mailtap}
go=$(command -v go || echo /usr/local/go/bin/go)
# Daemons and analyzers are often in a folder that only root searches.
PATH=$PATH:/usr/sbin:/sbin

scratch=$(mktemp -d "${TMPDIR:-/tmp}/mailtap-peers.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "peers.sh: $*" >&2
	exit 1
}

# has PROGRAM PACKAGE: is it installed? If not, say how to get it.
has() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed, and left out: apt-get install $2"
	return 1
}

# command_line PROGRAM FILE: sets argv to what is timed.
command_line() {
	case $1 in
	mailtap) argv=("$mailtap" analyze --db "$scratch/db/mailtap.db" --quiet "$2") ;;
	tcpdump) argv=(tcpdump -r "$2" -w /dev/null) ;;
	dsniff) argv=(dsniff -n -p "$2") ;; # -n: else it waits for name servers
	ndpiReader) argv=(ndpiReader -i "$2") ;;
	tshark) argv=(tshark -q -z credentials -r "$2") ;;
	esac
}

# found PROGRAM FILE: prints how many log-ins it lists.
found() {
	case $1 in
	mailtap)
		timeout --foreground "$limit" "$mailtap" analyze --db none --quiet --format jsonl "$2" |
			grep -oE '"mechanism":"[A-Z0-9-]+","account":"' | wc -l
		;;
	dsniff) timeout --foreground "$limit" dsniff -n -p "$2" | grep -cE '^(LOGIN [^{]|username \[|AUTH )' ;;
	ndpiReader) timeout --foreground "$limit" ndpiReader -i "$2" | awk '/Clear-Text Credentials/ {n = $3} END {print n + 0}' ;;
	tshark) timeout --foreground "$limit" tshark -q -z credentials -r "$2" | grep -cE '^[0-9]+ +(IMAP|POP3|SMTP) ' ;;
	*) echo - ;;
	esac 2>/dev/null || true
}

# timed COMMAND...: prints wall and CPU seconds and peak MB, - where unknown.
timed() {
	local status=0 wall cpu peak
	if [[ $gnu_time ]]; then
		"$gnu_time" -q -o "$scratch/time" -f '%e %U %S %M' timeout --foreground "$limit" "$@" >/dev/null 2>"$scratch/stderr" || status=$?
		read -r wall cpu peak < <(awk '{printf "%s %.2f %.0f\n", $1, $2 + $3, $4 / 1000}' "$scratch/time")
	else
		TIMEFORMAT='%R %U %S'
		{ time timeout --foreground "$limit" "$@" >/dev/null 2>"$scratch/stderr"; } 2>"$scratch/time" || status=$?
		read -r wall cpu peak < <(awk '{printf "%s %.2f -\n", $1, $2 + $3}' "$scratch/time")
	fi
	case $status in
	0) echo "$wall $cpu $peak" ;;
	124) echo "over $limit s" ;;
	*) echo "failed with status $status: $(tail -n 1 "$scratch/stderr")" ;;
	esac
}

# median COLUMN FILE: prints the middle value.
median() {
	awk -v column="$1" '{print $column}' "$2" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

# measure CAPTURE FLAGS...: generates a capture, times every program on it and
# prints its rows.
measure() {
	local name=$1 file="$scratch/$1.pcap" run program
	shift
	"$scratch/mailgen" --kind "$name" "$@" --seed 1 --out "$file" --truth "$scratch/truth" 2>"$scratch/stderr" ||
		fail "$(cat "$scratch/stderr")"
	cat "$file" >/dev/null # so that no program pays for the disk
	rm -f "$scratch"/result.*
	for ((run = 1; run <= runs; run++)); do
		for program in "${programs[@]}"; do
			attempt "$program" "$file"
		done
	done
	for program in "${programs[@]}"; do
		print_row "$name" "$program" "$file"
	done
	rm "$file"
}

# attempt PROGRAM FILE: adds a run to its results, unless one went wrong.
attempt() {
	local result="$scratch/result.$1" argv
	grep -qE '^(over|failed)' "$result" 2>/dev/null && return
	rm -rf "$scratch/db"
	mkdir "$scratch/db"
	command_line "$1" "$2"
	timed "${argv[@]}" >>"$result"
}

print_row() {
	local result="$scratch/result.$2" wall ratio
	if grep -qE '^(over|failed)' "$result"; then
		printf '%-7s %-11s %s\n' "$1" "$2" "$(grep -E '^(over|failed)' "$result")"
		return
	fi
	wall=$(median 1 "$result")
	ratio=$(awk -v wall="$wall" -v own="$(median 1 "$scratch/result.mailtap")" \
		'BEGIN {if (own + 0 > 0) printf "%.1f", wall / own; else print "-"}')
	printf '%-7s %-11s %8s %8s %8s %7s %15s\n' "$1" "$2" "$wall" "$(median 2 "$result")" "$(median 3 "$result")" "$ratio" \
		"$(found "$2" "$3") of $(wc -l <"$scratch/truth")"
}

[[ -x $mailtap ]] || fail "$mailtap is missing: run make build, or set MAILTAP"
gnu_time=$(type -P time || true)
if [[ ! $gnu_time ]] || ! "$gnu_time" -q -o /dev/null -f %M true 2>/dev/null; then
	gnu_time=
	echo "GNU time is not installed, and memory not told: apt-get install time"
fi
programs=(mailtap)
if has tcpdump tcpdump; then programs+=(tcpdump); fi
if has dsniff dsniff; then programs+=(dsniff); fi
if has ndpiReader libndpi-bin; then programs+=(ndpiReader); fi
if has tshark tshark; then programs+=(tshark); fi
"$go" build -o "$scratch/mailgen" ./cmd/mailgen

printf '%-7s %-11s %8s %8s %8s %7s %15s\n' capture program "wall s" "CPU s" "peak MB" ratio "found"
measure mail --bytes "$mail_bytes"
measure span --bytes "$span_bytes"
measure logins --sessions "$logins"
