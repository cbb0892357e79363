#!/bin/bash
# Holds what mailtap reads of TLS against tshark, an implementation of its own,
# and the certificates against openssl. Prints how often they agree, field by
# field, and every difference. Where tshark does not print JA4 yet, it is made here
# of the lists that it prints.
set -euo pipefail

usage() {
	cat <<'END'
usage: compare-tshark.sh [CAPTURE]...

  CAPTURE   capture files (default: the samples beside this script)

Environment: MAILTAP, the program to run (default: ./mailtap).
What mailtap reads and tshark does not, as on ports that tshark does not know, is
counted but no difference: tshark says nothing there.
Exit status: 0 they agree, 1 they differ, 2 it could not be told.
END
}

case ${1-} in -h | --help) usage && exit 0 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
mailtap=${MAILTAP:-./mailtap}
fail() { echo "compare-tshark.sh: $*" >&2 && exit 2; }
command -v tshark >/dev/null || fail "tshark is missing; on Debian: apt install tshark"
for tool in jq openssl basenc; do
	command -v "$tool" >/dev/null || fail "$tool is missing"
done
command -v "$mailtap" >/dev/null || fail "$mailtap is missing; build it, or name it in MAILTAP"
(($#)) || set -- "$here"/*.pcap*

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tab=$'\t'

# names maps the numbers of cipher suites to their names.
tshark -G values 2>/dev/null |
	awk -F'\t' '$1 == "V" && $2 == "tls.handshake.ciphersuite" {printf "0x%04x\t%s\n", $3, $4}' >"$scratch/names"

fields=(tcp.stream ip.src ipv6.src tcp.srcport ip.dst ipv6.dst tcp.dstport tls.handshake.type tls.handshake.version
	tls.handshake.extensions.supported_version tls.handshake.ciphersuite tls.handshake.extensions_server_name
	tls.handshake.extensions_alpn_str tls.handshake.ja3 tls.handshake.ja3s tls.handshake.certificate)
ja4=made
if tshark -G fields 2>/dev/null | grep -q "${tab}tls\.handshake\.ja4${tab}"; then
	ja4=printed
	fields+=(tls.handshake.ja4)
else
	fields+=(tls.handshake.extension.type tls.handshake.sig_hash_alg_len tls.handshake.sig_hash_alg)
fi

# of_tshark prints the connections in which tshark sees a handshake: client,
# server, and what was read, the first certificate in hexadecimal.
of_tshark() {
	local args=()
	for f in "${fields[@]}"; do args+=(-e "$f"); done
	tshark -r "$1" -Y 'tls.handshake.type == 1 || tls.handshake.type == 2 || tls.handshake.type == 11' \
		-T fields -E separator=/t -E occurrence=a -E aggregator=, "${args[@]}" 2>/dev/null |
		awk -F'\t' -v OFS='\t' -v names="$scratch/names" -v ja4="$ja4" '
		BEGIN {
			while ((getline line < names) > 0) { split(line, w, "\t"); suite[w[1]] = w[2] }
			version["0x0300"] = "SSL 3.0"; version["0x0301"] = "TLS 1.0"; version["0x0302"] = "TLS 1.1"
			version["0x0303"] = "TLS 1.2"; version["0x0304"] = "TLS 1.3"
		}
		function last(s, w) { return w[split(s, w, ",")] }
		function first(s, w) { split(s, w, ","); return w[1] }
		function has(types, n) { return index("," types ",", "," n ",") > 0 }
		function place(v4, v6, port) { return (v4 != "" ? last(v4) : "[" last(v6) "]") ":" port }
		{
			id = $1; from = place($2, $3, $4); to = place($5, $6, $7)
			if (has($8, 1) && !(id in client)) {
				order[n++] = id; client[id] = from; server[id] = to
				sni[id] = first($12); ja3[id] = first($14)
				if (ja4 == "printed") hello[id] = first($17)
				else if (ja3[id] != "") # none of a hello in the form of SSL 2.0
					hello[id] = first($9) "|" $10 "|" $11 "|" $17 "|" $18 "|" $19 "|" first($13)
			}
			if (has($8, 2)) {
				if (!(id in client)) { order[n++] = id; client[id] = to; server[id] = from }
				v = $10 != "" ? last($10) : first($9)
				chosen[id] = v in version ? version[v] : v
				number = tolower(first($11))
				cipher[id] = number in suite ? suite[number] : number
				ja3s[id] = first($15); alpn[id] = first($13)
			}
			if (has($8, 11) && id in server && from == server[id] && cert[id] == "") cert[id] = first($16)
		}
		END {
			for (i = 0; i < n; i++) {
				id = order[i]
				print client[id], server[id], chosen[id], cipher[id], sni[id], alpn[id], ja3[id], ja3s[id], hello[id], cert[id]
			}
		}'
}

# codes prints a list of numbers as four digits each, one a line, without GREASE.
codes() {
	local n
	for n in ${1//,/ }; do printf '%04x\n' "$n"; done | grep -Ev '^(.)a\1a$' || true
}

# hashed prints the beginning of the SHA-256 of lines, joined.
hashed() {
	local text
	text=$(paste -sd, | sed 's/,_,/_/; s/,\?_$//')
	[[ -z $text ]] && echo 000000000000 && return
	printf %s "$text" | sha256sum | cut -c1-12
}

# make_ja4 makes JA4 of what tshark reads of a ClientHello: its version, the lists
# of versions, suites and extensions, the sizes and values of the lists of
# signatures, of which that of extension 13 counts, and the first protocol.
make_ja4() {
	local legacy versions suites extensions sizes signatures protocol
	IFS='|' read -r legacy versions suites extensions sizes signatures protocol <<<"$1"
	local newest name=i at=0 count=0 i=0 e first last
	newest=$({ codes "$versions" | sort | tail -1; codes "$legacy"; } | head -1)
	case $newest in
	0300) newest=s3 ;;
	030[1-4]) newest=1$((${newest: -1} - 1)) ;;
	*) newest=00 ;;
	esac
	IFS=, read -ra sizes <<<"$sizes"
	for e in ${extensions//,/ }; do
		case $e in
		13) count=$((sizes[i] / 2)) && break ;;
		34 | 50) at=$((at + sizes[i] / 2)) i=$((i + 1)) ;;
		esac
	done
	[[ ,$extensions, == *,0,* ]] && name=d
	first=${protocol:0:1} last=${protocol: -1}
	if [[ -z $protocol ]]; then
		first=0 last=0
	elif [[ $first$last != [[:alnum:]][[:alnum:]] ]]; then
		first=$(printf '%02x' "'$first" | cut -c1) last=$(printf '%02x' "'$last" | cut -c2)
	fi
	signatures=$(cut -d, -f$((at + 1))-$((at + (count > 0 ? count : 1))) <<<"$signatures")
	((count)) || signatures=''
	printf 't%s%s%02d%02d%s%s_%s_%s\n' "$newest" "$name" "$(codes "$suites" | head -99 | wc -l)" \
		"$(codes "$extensions" | head -99 | wc -l)" "$first" "$last" "$(codes "$suites" | sort | hashed)" \
		"$({ codes "$extensions" | grep -Ev '^(0000|0010)$' | sort && echo _ && codes "$signatures"; } | hashed)"
}

# read_certificate has openssl read a certificate: hash, subject, issuer, times.
# openssl spells three types of a name otherwise than RFC 4514.
read_certificate() {
	tr a-f A-F <<<"${1//:/}" | basenc --base16 -di >"$scratch/der" 2>/dev/null || true
	local x=(openssl x509 -inform DER -in "$scratch/der" -noout -nameopt "RFC2253,utf8,-esc_msb")
	local types='s/\(^\|,\)\(street\|postalCode\|serialNumber\)=/\1\U\2=/g'
	sha256sum "$scratch/der" | cut -d' ' -f1 | tr '\n' "$tab"
	if "${x[@]}" >/dev/null 2>&1; then
		"${x[@]}" -subject | sed 's/^subject=//' | sed "$types" | tr '\n' "$tab"
		"${x[@]}" -issuer | sed 's/^issuer=//' | sed "$types" | tr '\n' "$tab"
		"${x[@]}" -startdate -dateopt iso_8601 | sed 's/^notBefore=//' | tr '\n' "$tab"
		"${x[@]}" -enddate -dateopt iso_8601 | sed 's/^notAfter=//'
	else
		printf '\t\t\t\n'
	fi
}

# of_mailtap prints the sessions that mailtap finds, in the same columns.
of_mailtap() {
	"$mailtap" analyze --quiet --db none --format jsonl "$1" 2>"$scratch/errors" | jq -r '
		select(.type == "session") | . as $s | (.tls // {}) as $t | ($t.certificate // {}) as $c |
		def time: if . == null then "" else sub("T"; " ") | sub("\\.\\d+Z"; "Z") end;
		[$s.client, $s.server, $t.version, $t.cipher, $t.sni, $t.alpn, $t.ja3, $t.ja3s, $t.ja4, $c.sha256,
		 $c.subject, $c.issuer, ($c.not_before | time), ($c.not_after | time)] | map(. // "") | join("\t")'
}

columns=(version cipher sni alpn ja3 ja3s ja4 "certificate's hash" subject issuer "valid from" "valid to")
declare -A same=() differ=() silent=()
connections=0 unmatched=0 unanswered=0

# hold compares the lines of one connection, of mailtap and of tshark.
hold() {
	local ours theirs i a b
	mapfile -t ours < <(tr "$tab" '\n' <<<"$1")
	mapfile -t theirs < <(tr "$tab" '\n' <<<"$2")
	for i in "${!columns[@]}"; do
		a=${ours[i + 2]-} b=${theirs[i + 2]-}
		if [[ -z $a && -z $b ]]; then
			continue
		elif [[ $a == "$b" ]]; then
			same[${columns[i]}]=$((${same[${columns[i]}]-0} + 1))
		elif [[ -z $b ]]; then
			silent[${columns[i]}]=$((${silent[${columns[i]}]-0} + 1))
		else
			differ[${columns[i]}]=$((${differ[${columns[i]}]-0} + 1))
			printf '%s: %s to %s: %s: mailtap "%s", tshark "%s"\n' "$3" "${ours[0]}" "${ours[1]}" "${columns[i]}" "$a" "$b"
		fi
	done
}

for capture; do
	of_mailtap "$capture" >"$scratch/ours" || true
	of_tshark "$capture" >"$scratch/theirs" || true
	declare -A taken=()
	while IFS= read -r seen; do
		key=$(cut -f1,2 <<<"$seen")
		taken[$key]=$((${taken[$key]-0} + 1))
		found=$(awk -F'\t' -v key="$key" -v nth="${taken[$key]}" \
			'$1 FS $2 == key && $0 !~ /^[^\t]*\t[^\t]*\t*$/ && ++n == nth' "$scratch/ours")
		if [[ -z $found ]]; then
			if [[ -z $(cut -f3 <<<"$seen") ]]; then
				unanswered=$((unanswered + 1))
			elif grep -qF "$key$tab" "$scratch/ours"; then
				echo "$capture: ${key/$tab/ to }: tshark sees TLS, mailtap does not"
				differ[TLS]=$((${differ[TLS]-0} + 1))
			else
				unmatched=$((unmatched + 1))
			fi
			continue
		fi
		connections=$((connections + 1))
		der=$(cut -f10 <<<"$seen")
		certificate=$tab$tab$tab$tab
		[[ -n $der ]] && certificate=$(read_certificate "$der")
		fingerprint=$(cut -f9 <<<"$seen")
		[[ $ja4 == made && -n $fingerprint ]] && fingerprint=$(make_ja4 "$fingerprint")
		hold "$found" "$(cut -f1-8 <<<"$seen")$tab$fingerprint$tab$certificate" "$capture"
	done <"$scratch/theirs"
	unset taken
done

echo "$connections connections compared; not compared: $unmatched that mailtap holds for no mail, $unanswered in which no server speaks TLS"
printf '%-20s %8s %8s %16s\n' field same differ 'mailtap only'
for c in TLS "${columns[@]}"; do
	[[ $c == TLS && -z ${differ[TLS]-} ]] && continue
	printf '%-20s %8d %8d %16d\n' "$c" "${same[$c]-0}" "${differ[$c]-0}" "${silent[$c]-0}"
done
((${#differ[@]} == 0)) || exit 1
