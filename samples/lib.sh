# shellcheck shell=bash
# Plumbing for real mail traffic on a private wire: two network namespaces
# joined by a veth pair, Debian's Dovecot, Postfix and Exim started in them
# from the templates in conf/, clients run in them, and a capturing program on
# the server's end. To be sourced; needs root. Nothing leaves the machine.
#
#   wire_up; start_dovecot "plain login" no; record out.pcap; client curl ...; record_end; wire_down
#
# The caller sets SCRATCH to an empty directory of its own.

readonly CLIENT_IP=198.51.100.7 SERVER_IP=198.51.100.25     # RFC 5737
readonly CLIENT_IP6=2001:db8::7 SERVER_IP6=2001:db8::25      # RFC 3849
readonly SERVER_NAME=mail.example CLIENT_NAME=pc7.example
readonly IFACE=eth0                                     # the server's end of the wire
readonly CLIENT_NS=mailtap-c-$$ SERVER_NS=mailtap-s-$$  # of this process alone
readonly WAIT_TENTHS=100                                # how long to wait for anything, in tenths of a second
readonly CLIENT_SECONDS=30
readonly USERS="${SCRATCH:?}/users" POSTFIX="$SCRATCH/postfix" DOVECOT="$SCRATCH/dovecot" PKI="$SCRATCH/pki"
LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly LIB_DIR
CAPTURE_WITH="${CAPTURE_WITH:-tcpdump -Z root -i {iface\} -n -U --immediate-mode -w {out\} tcp}"
RECORDER=

# packages installs what is missing. Exim and qpsmtpd cannot be installed
# beside Postfix, so they are only unpacked, below $1, and what they need is
# installed.
packages() {
	local p
	UNPACKED=$1
	install_missing dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved postfix swaks libauthen-sasl-perl \
		libnet-ssleay-perl sieve-connect gsasl curl fetchmail openssl gnutls-bin openjdk-17-jre-headless gnupg python3 tcpdump iproute2 ethtool procps util-linux \
		libidn12 libldap-2.5-0 libmariadb3 libperl5.36 libpq5 libspf2-2 libsqlite3-0 \
		libdigest-hmac-perl libio-socket-inet6-perl libmailtools-perl libnet-dns-perl libnet-ip-perl || return
	for p in exim4-daemon-heavy qpsmtpd; do
		[[ ! -e $UNPACKED/usr/share/doc/$p ]] || continue
		mkdir -p "$UNPACKED"
		(cd "$UNPACKED" && apt-get -o APT::Sandbox::User=root download "$p" && dpkg -x "$p"_*.deb .)
	done
}

# install_missing PACKAGE...: no service is started: a policy-rc.d that says no
# is lent to the machine for as long as apt runs.
install_missing() {
	local missing=() p policy=/usr/sbin/policy-rc.d lent='' status=0
	for p in "$@"; do
		[[ $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) == *'ok installed' ]] || missing+=("$p")
	done
	((${#missing[@]})) || return 0
	apt-get update -qq
	[[ -e $policy ]] || { lent=1 && install -m 755 <(printf '#!/bin/sh\nexit 101\n') $policy; }
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" || status=$?
	[[ -z $lent ]] || rm -f $policy
	return $status
}

# wire_up makes the namespaces. Files below /etc/netns/NAME stand in for those
# of /etc in every command that runs in the namespace: the names of the two
# hosts, no resolver, and the user that Exim asks for.
wire_up() {
	local ns
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		ip netns add "$ns"
		mkdir -p "/etc/netns/$ns"
		printf '127.0.0.1 localhost\n%s %s\n%s %s\n' "$CLIENT_IP" $CLIENT_NAME "$SERVER_IP" $SERVER_NAME >"/etc/netns/$ns/hosts"
		printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"/etc/netns/$ns/resolv.conf"
		cp /etc/passwd "/etc/netns/$ns/passwd"
		cp /etc/group "/etc/netns/$ns/group"
		grep -q '^Debian-exim:' /etc/passwd || echo 'Debian-exim:x:64990:64990::/nonexistent:/usr/sbin/nologin' >>"/etc/netns/$ns/passwd"
		grep -q '^Debian-exim:' /etc/group || echo 'Debian-exim:x:64990:' >>"/etc/netns/$ns/group"
		ip -n "$ns" link set lo up
	done
	ip link add "$IFACE" netns "$SERVER_NS" type veth peer name "$IFACE" netns "$CLIENT_NS"
	ip -n "$CLIENT_NS" addr add "$CLIENT_IP/24" dev "$IFACE"
	ip -n "$SERVER_NS" addr add "$SERVER_IP/24" dev "$IFACE"
	ip -n "$CLIENT_NS" addr add "$CLIENT_IP6/64" dev "$IFACE" nodad
	ip -n "$SERVER_NS" addr add "$SERVER_IP6/64" dev "$IFACE" nodad
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		# Segments and checksums as they are on a cable, not as a driver gets them.
		ip netns exec "$ns" ethtool -K "$IFACE" tx off rx off tso off gso off gro off >/dev/null
		ip -n "$ns" link set "$IFACE" up
	done
}

# wire_down ends all that runs in the namespaces and removes them.
wire_down() {
	local ns
	for ns in "$CLIENT_NS" "$SERVER_NS"; do
		[[ -e /run/netns/$ns ]] || continue
		end_all "$ns"
		ip netns del "$ns"
		rm -rf "/etc/netns/$ns"
	done
	rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
}

# inside NS COMMAND: runs a command in a namespace, where the machine is
# called after its end of the wire.
inside() {
	local ns=$1 name=$SERVER_NAME
	[[ $ns == "$SERVER_NS" ]] || name=$CLIENT_NAME
	shift
	# shellcheck disable=SC2016 # for the inner shell
	ip netns exec "$ns" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$name" "$@"
}

# client COMMAND: runs a client, for a limited time.
client() { inside "$CLIENT_NS" env HOME="$SCRATCH" timeout "$CLIENT_SECONDS" "$@"; }

# end_all ends every process of a namespace.
end_all() {
	local ns=$1 pids signal
	for signal in TERM KILL; do
		mapfile -t pids < <(ip netns pids "$ns")
		((${#pids[@]})) || return 0
		kill -s $signal "${pids[@]}" 2>/dev/null || true
		for ((i = 0; i < WAIT_TENTHS / 3; i++)); do
			[[ -n $(ip netns pids "$ns") ]] || return 0
			sleep 0.1
		done
	done
}

# until_true runs a command until it succeeds.
until_true() {
	local i
	for ((i = 0; i < WAIT_TENTHS; i++)); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.1
	done
	echo "waited in vain for: $*" >&2
	return 1
}

listening() { local ns=$1 port=$2; ip netns exec "$ns" ss -Hltn "sport = :$port" | grep -q .; }

# fill writes a template of conf/ with the places and addresses filled in.
fill() {
	local template=$1
	sed -e "s|@SCRATCH@|$SCRATCH|g" -e "s|@DOVECOT@|$DOVECOT|g" -e "s|@POSTFIX@|$POSTFIX|g" -e "s|@PKI@|$PKI|g" \
		-e "s|@UNPACKED@|$UNPACKED|g" -e "s|@USERS@|$USERS|g" -e "s|@SERVER_IP@|$SERVER_IP|g" -e "s|@SERVER_IP6@|$SERVER_IP6|g" -e "s|@SERVER_NAME@|$SERVER_NAME|g" -e "s|@CLIENT_NAME@|$CLIENT_NAME|g" \
		"$LIB_DIR/conf/$template"
}

# make_pki makes a CA and a certificate of the server that it has signed, so
# that a client can verify it and TLS has no fault.
make_pki() {
	mkdir -p "$PKI"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Example CA' \
		-keyout "$PKI/ca.key" -out "$PKI/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$SERVER_NAME" \
		-keyout "$PKI/server.key" -out "$PKI/server.csr" 2>/dev/null
	openssl x509 -req -in "$PKI/server.csr" -CA "$PKI/ca.pem" -CAkey "$PKI/ca.key" -CAcreateserial -days 397 \
		-extfile <(echo "subjectAltName=DNS:$SERVER_NAME") -out "$PKI/server.pem" 2>/dev/null
	chmod 644 "$PKI"/*
}

# start_dovecot MECHANISMS SSL [LINE...]: ssl is no, yes or required. Further
# lines are added to the configuration.
start_dovecot() {
	local mechanisms=$1 ssl=$2
	shift 2
	mkdir -p "$DOVECOT"
	install -d -o mail -g mail "$SCRATCH/mail"
	{
		fill dovecot.conf
		printf 'auth_mechanisms = %s\nssl = %s\n' "$mechanisms" "$ssl"
		((!$#)) || printf '%s\n' "$@"
	} >"$DOVECOT/dovecot.conf"
	inside "$SERVER_NS" dovecot -F -c "$DOVECOT/dovecot.conf" &
	until_true listening "$SERVER_NS" 143
	until_true listening "$SERVER_NS" 4190
}

# start_postfix NS [LINE...]: Postfix in a namespace, with further lines for main.cf.
start_postfix() {
	local ns=$1 dir="$POSTFIX/$1"
	shift
	rm -rf "$dir"
	mkdir -p "$dir"/{etc,queue,data}
	chown postfix "$dir/data"
	fill postfix-main.cf | sed -e "s|@DIR@|$dir|g" >"$dir/etc/main.cf"
	fill postfix-master.cf >"$dir/etc/master.cf"
	((!$#)) || postconf -c "$dir/etc" -e "$@"
	inside "$ns" postfix -c "$dir/etc" start 2>&1 | grep -v 'starting the Postfix' || true
	until_true listening "$ns" 25
}

# send_with_postfix NS FROM TO <message
send_with_postfix() { inside "$1" sendmail -C "$POSTFIX/$1/etc" -f "$2" "$3"; }

# postfix_stops NS: also closes the connections that Postfix keeps for reuse.
postfix_stops() { inside "$1" postfix -c "$POSTFIX/$1/etc" stop; }

# exim NS TEMPLATE ARG...: runs Exim with a configuration of conf/.
exim() {
	local ns=$1 template=$2
	shift 2
	install -d -o mail -g mail "$SCRATCH/exim"
	fill "$template" >"$SCRATCH/exim/$template"
	inside "$ns" "$UNPACKED/usr/sbin/exim4" -C "$SCRATCH/exim/$template" "$@"
}

# start_exim PORT...: an Exim server.
start_exim() {
	exim "$SERVER_NS" exim-server.conf -bd -oX "$(IFS=:; echo "$*")"
	until_true listening "$SERVER_NS" "$1"
}

# start_qpsmtpd PORT: qpsmtpd, which has Perl's lenient BASE64 decoder.
start_qpsmtpd() {
	local port=$1 dir="$SCRATCH/qpsmtpd"
	mkdir -p "$dir/config"
	install -d -m 700 "$dir/spool"
	echo "$SERVER_NAME" >"$dir/config/me"
	echo "$dir/spool" >"$dir/config/spool_dir"
	echo "$UNPACKED/usr/share/qpsmtpd/plugins" >"$dir/config/plugin_dirs"
	echo 6 >"$dir/config/loglevel"
	printf '%s\n' "auth/auth_checkpassword checkpw $LIB_DIR/servers/checkpassword.sh true /usr/bin/true" >"$dir/config/plugins"
	inside "$SERVER_NS" env QPSMTPD_CONFIG="$dir/config" CHECKPASSWORD_USERS="$USERS" \
		perl -T -I"$UNPACKED/usr/share/perl5" "$UNPACKED/usr/bin/qpsmtpd-forkserver" -u root -l "$SERVER_IP" -p "$port" &
	until_true listening "$SERVER_NS" "$port"
}

# record OUT: starts the capturing program and waits until it listens. Every
# program that captures on Linux shows itself in /proc/net/packet, and libpcap
# drops what came before its filter was set, a moment later. What it prints goes
# to file descriptor 3.
record() {
	local command=${CAPTURE_WITH//\{iface\}/$IFACE}
	# shellcheck disable=SC2086 # the command is split into its words
	(exec ip netns exec "$SERVER_NS" ${command//\{out\}/$1}) >&3 2>"$SCRATCH/recorder.log" &
	RECORDER=$!
	until_true sniffing || { cat "$SCRATCH/recorder.log" >&2; return 1; }
	sleep 0.5
}

# sniffing: the sixth field tells that the socket is bound.
# shellcheck disable=SC2016 # awk has fields of its own
sniffing() { ip netns exec "$SERVER_NS" awk 'NR > 1 && $6 { n++ } END { exit !n }' /proc/net/packet; }

# record_end waits until every connection is closed and all packets were
# taken, then ends the capturing program.
record_end() {
	until_true quiet
	until_true drained
	sleep 0.5
	kill "$RECORDER" 2>/dev/null || true
	wait "$RECORDER" || true
	RECORDER=
}

quiet() {
	! { ip netns exec "$SERVER_NS" ss -Htn state connected exclude time-wait; ip netns exec "$CLIENT_NS" ss -Htn state connected exclude time-wait; } |
		grep -v 127.0.0.1 | grep -q .
}

# drained: the seventh field is what the program has not read yet.
# shellcheck disable=SC2016 # awk has fields of its own
drained() { ip netns exec "$SERVER_NS" awk 'NR > 1 && $7 > 0 { full = 1 } END { exit full }' /proc/net/packet; }
