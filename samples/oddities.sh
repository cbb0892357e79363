# shellcheck shell=bash
# Scenarios of what hardly any network shows: a device that decrypts, a man on
# the side, a library that compresses, a scan for Heartbleed. As scenarios.sh,
# one function a sample.

# The addresses of the session that sslsplit takes apart. They lie on the
# server's loopback: all that leaves is what sslsplit has deciphered.
readonly DECRYPTED_CLIENT=203.0.113.7 DECRYPTED_SERVER=203.0.113.25 SPLITTER=203.0.113.1

# A client that finds no file of CAs once the server has said yes, and leaves. A
# client that goes on in clear, which Postfix takes for a broken handshake. Then
# a session in TLS as a device mirrors it that has its key.
sample_starttls_then_clear() {
	local address
	install_missing sslsplit
	account falk
	for address in $DECRYPTED_CLIENT $DECRYPTED_SERVER $SPLITTER; do ip -n "$SERVER_NS" addr add "$address/32" dev lo; done
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" 'smtpd_tls_auth_only = yes' "inet_interfaces = $SERVER_IP, $DECRYPTED_SERVER"
	tape
	fails client curl -sS --ssl-reqd --cacert "$PKI/lost.pem" --mail-from falk@shop.example --mail-rcpt bob@bank.example -T /dev/null "smtp://$SERVER_NAME:587/$CLIENT_NAME"
	say 587 STARTTLS NOOP || true
	inside "$SERVER_NS" sslsplit -D -p "$SCRATCH/sslsplit.pid" -k "$PKI/ca.key" -c "$PKI/ca.pem" -u root -I "$IFACE" -T "$CLIENT_IP" \
		autossl $SPLITTER 587 $DECRYPTED_SERVER 587 &
	until_true inside "$SERVER_NS" sh -c "ss -Hltn 'src $SPLITTER:587' | grep -q ."
	inside "$SERVER_NS" timeout "$CLIENT_SECONDS" swaks --server $SPLITTER:587 --local-interface $DECRYPTED_CLIENT --tls --helo "$CLIENT_NAME" \
		--auth PLAIN --auth-user falk --auth-password "$PASSWORD" --from falk@shop.example --to bob@bank.example --header 'Subject: Redundancies' || true # no answer to QUIT
	kill "$(<"$SCRATCH/sslsplit.pid")" # it has a packet socket, too, and never reads it
}

# The server thinks for a second before it lists what it can do; in the second
# session somebody else is quicker. The server's own list comes as well, and both
# sides repeat what the other did not take: the same bytes, which is no conflict.
sample_segments_forged() {
	account greta
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" 'smtpd_delay_reject = no' 'smtpd_helo_restrictions = sleep 1'
	tape
	inside "$SERVER_NS" python3 -u "$LIB_DIR/servers/on_the_side.py" "$IFACE" 587 >"$SCRATCH/on_the_side.log" &
	until_true grep -q ready "$SCRATCH/on_the_side.log"
	client swaks --server "$SERVER_NAME:587" --helo "$CLIENT_NAME" --quit-after EHLO
	client swaks --server "$SERVER_NAME:587" --tls-optional --helo "$CLIENT_NAME" --auth PLAIN --auth-user greta --auth-password "$PASSWORD" \
		--from greta@shop.example --to bob@bank.example --header 'Subject: The second draft' --body 'We close two branches.'
}

# A scan of a server that is mended, and so does not answer. Then a heartbeat as
# it should be, which GnuTLS's test server sends on request.
sample_heartbleed() {
	install_missing sslscan
	start_dovecot 'plain login' yes 'ssl_min_protocol = TLSv1' "ssl_cipher_list = $ANY" 'service pop3-login {' 'inet_listener pop3s {' 'port = 0' '}' '}'
	inside "$SERVER_NS" gnutls-serv --quiet --echo --heartbeat --priority NORMAL:-VERS-TLS1.3 --port 995 \
		--x509certfile "$PKI/server.pem" --x509keyfile "$PKI/server.key" &
	until_true listening "$SERVER_NS" 995
	tape
	client sslscan --no-colour --no-ciphersuites --no-fallback --no-renegotiation --no-compression --no-groups --no-check-certificate "$SERVER_NAME:993"
	{ echo '**HEARTBEAT**' && sleep 2; } | client gnutls-cli --heartbeat --x509cafile "$PKI/ca.pem" --port 995 "$SERVER_NAME"
}

# Debian's OpenSSL is built without zlib. Its source, built with zlib, takes the
# place of the libraries for Dovecot and for a client; the programs stay Debian's.
sample_tls_compression() {
	local libraries
	account hanna
	libraries=$(openssl_with_zlib)
	fill openssl-any.conf | sed '$ a Options = Compression' >"$PKI/openssl-zlib.conf"
	export LD_LIBRARY_PATH="$libraries" OPENSSL_CONF="$PKI/openssl-zlib.conf"
	start_dovecot 'plain login' yes 'ssl_options = compression' "ssl_cipher_list = $ANY" 'import_environment = LD_LIBRARY_PATH OPENSSL_CONF'
	tape
	imap_dialogue hanna | over_tls 993 -tls1_2 -comp
	imap_dialogue hanna | over_tls 993 -tls1_2 -no_comp
	unset LD_LIBRARY_PATH OPENSSL_CONF
}

# openssl_with_zlib builds the libraries, unless ZLIB_OPENSSL names the folder of
# such, and says where they are.
openssl_with_zlib() {
	set -e # this is a subshell
	local dir="$SCRATCH/openssl" sources
	if [[ -n ${ZLIB_OPENSSL:-} ]]; then echo "$ZLIB_OPENSSL" && return; fi
	mkdir -p "$dir/lists/partial" "$dir/source"
	echo 'deb-src http://deb.debian.org/debian bookworm main' >"$dir/sources.list"
	sources=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$dir/lists" -o APT::Sandbox::User=root)
	{
		install_missing gcc make perl zlib1g-dev
		cd "$dir"
		apt-get -qq "${sources[@]}" update
		apt-get -qq "${sources[@]}" source --download-only openssl
		tar -xzf openssl_*.orig.tar.gz -C source --strip-components 1
		cd source
		./config zlib no-tests shared
		make -j"$(nproc)" build_libs
	} >&2
	pwd
}
