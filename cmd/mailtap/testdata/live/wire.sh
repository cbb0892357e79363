# shellcheck shell=bash
# The wire of samples/lib.sh with a mirror port: everything that passes the
# server's end is copied to the device mon0 of a third namespace, where nothing
# else is. To be run by the tests, as
#
#   SCRATCH=DIR bash wire.sh SAMPLES_DIR
#
# It prints the names of the three namespaces and then runs each line of its
# input, commands of those files, followed by a line "done STATUS". When its input
# ends, or it is told to end, it takes down all that it has made.
samples=$1
# shellcheck source=samples/lib.sh
. "$samples/lib.sh"
# shellcheck source=samples/scenarios.sh
. "$samples/scenarios.sh"
# shellcheck source=samples/weak_tls.sh
. "$samples/weak_tls.sh"
MONITOR_NS=mailtap-m-$$
export UNPACKED="${UNPACKED:-/}"

tear_down() {
	wire_down
	ip netns del $MONITOR_NS 2>/dev/null
}
trap tear_down EXIT
trap 'exit 1' HUP INT TERM

mirror_up() {
	local way
	ip netns add $MONITOR_NS
	ip link add mon0 netns "$SERVER_NS" type veth peer name mon0 netns $MONITOR_NS
	ip -n "$SERVER_NS" link set mon0 up
	ip -n $MONITOR_NS link set mon0 up
	tc -n "$SERVER_NS" qdisc add dev "$IFACE" clsact
	for way in ingress egress; do
		tc -n "$SERVER_NS" filter add dev "$IFACE" $way protocol all u32 match u32 0 0 action mirred egress mirror dev mon0
	done
}

# addresses NS FIRST LAST: further addresses 198.51.100.N for a namespace.
addresses() {
	local n
	for ((n = $2; n <= $3; n++)); do ip -n "$1" addr add "198.51.100.$n/24" dev "$IFACE"; done
}

# dovecot_changes SSL: a running Dovecot offers TLS, or does not.
dovecot_changes() {
	sed -i "s/^ssl = .*/ssl = $1/" "$DOVECOT/dovecot.conf"
	inside "$SERVER_NS" doveadm -c "$DOVECOT/dovecot.conf" reload
	sleep 1 # those that wait for a client end themselves
}

set -e
wire_up
mirror_up
make_pki
: >"$USERS"
set +e
echo "$CLIENT_NS $SERVER_NS $MONITOR_NS"
while IFS= read -r line; do
	(set -e; eval "$line") 2>&1 </dev/null
	echo "done $?"
done
