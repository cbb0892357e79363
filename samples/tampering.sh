# shellcheck shell=bash
# Scenarios of somebody on the way who changes what passes, and of clients that
# ask for what they should not: as scenarios.sh, one function a sample. Servers
# and mail programs are real; servers/relay.py is the man in the middle.

# Lines that leave the public address to a relay.
readonly BEHIND_DOVECOT='listen = 127.0.0.1' BEHIND_POSTFIX='inet_interfaces = 127.0.0.1'

# relay PORT EDIT [UNCHANGED]: a man in the middle before the server's port,
# who lets so many connections pass unchanged.
relay() {
	local port=$1
	shift
	inside "$SERVER_NS" python3 "$LIB_DIR/servers/relay.py" "$SERVER_IP" "$port" 127.0.0.1 "$port" "$@" &
	until_true inside "$SERVER_NS" sh -c "ss -Hltn 'src $SERVER_IP:$port' | grep -q ."
}

# say PORT COMMAND...: SMTP commands as they are given.
say() { client python3 "$LIB_DIR/clients/say.py" "$SERVER_NAME" "$@"; }

# The same client four times, TLS if there is any: thrice there is, then
# somebody takes the offer away.
sample_starttls_stripped() {
	local i
	account xaver
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" "$BEHIND_POSTFIX"
	relay 587 strip 3
	tape
	for i in first second third fourth; do
		client swaks --server "$SERVER_NAME:587" --tls-optional --helo "$CLIENT_NAME" --auth PLAIN --auth-user xaver --auth-password "$PASSWORD" \
			--from xaver@shop.example --to bob@bank.example --header "Subject: The $i offer" --body 'We offer 3.1 million.'
	done
}

# TLS stands in the greeting's list, and no more in the answer to CAPABILITY.
sample_imap_list_contradiction() {
	account yves
	inbox yves 'Invitation'
	start_dovecot 'plain login' yes "$BEHIND_DOVECOT"
	relay 143 strip-second
	tape
	client curl -sS --ssl --login-options AUTH=PLAIN -u "yves:$PASSWORD" "imap://$SERVER_NAME/INBOX;MAILINDEX=1"
}

# A firewall writes X's over what it does not know, and asterisks over the
# greeting. Postfix takes the greeting for a sign not even to ask for a list;
# swaks asks. Both deliver in clear.
sample_starttls_masked() {
	start_postfix "$SERVER_NS" "$TLS_OFFERED" "$BEHIND_POSTFIX"
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' 'smtp_tls_security_level = may'
	relay 25 mask
	tape
	message cfo@bank.example board@shop.example 'Forecast' | send_with_postfix "$CLIENT_NS" cfo@bank.example board@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
	client swaks --server "$SERVER_NAME:25" --tls-optional --helo "$CLIENT_NAME" --from cfo@bank.example --to board@shop.example \
		--header 'Subject: Forecast' --body 'Growth of 4 %.'
}

# The firewall stands on the client's side: the list arrives, the command does not.
sample_starttls_command_masked() {
	start_postfix "$SERVER_NS" "$TLS_OFFERED"
	inside "$CLIENT_NS" python3 "$LIB_DIR/servers/relay.py" 127.0.0.1 587 "$SERVER_IP" 587 mask-command &
	until_true listening "$CLIENT_NS" 587
	tape
	fails client curl -sS --ssl-reqd --cacert "$PKI/ca.pem" --mail-from cfo@bank.example --mail-rcpt board@shop.example -T /dev/null "smtp://127.0.0.1:587/$CLIENT_NAME"
}

# Commands behind STARTTLS in the same segment. Postfix drops them and begins
# TLS, Dovecot hangs up. Then a reply behind the server's yes: swaks takes it for
# the answer to its first command within TLS, curl hangs up.
sample_starttls_injection() {
	start_dovecot 'plain login' yes
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" "$BEHIND_POSTFIX"
	relay 25 same
	relay 587 inject
	tape
	client python3 "$LIB_DIR/clients/pipeline_starttls.py" "$SERVER_NAME" 25 smtp 'RSET'
	client python3 "$LIB_DIR/clients/pipeline_starttls.py" "$SERVER_NAME" 143 imap 'x NOOP'
	client swaks --server "$SERVER_NAME:587" --tls --tls-sni "$SERVER_NAME" --helo "$CLIENT_NAME" --quit-after TLS || true
	client curl -sS --ssl-reqd --cacert "$PKI/ca.pem" --mail-from cfo@bank.example --mail-rcpt board@shop.example -T /dev/null "smtp://$SERVER_NAME:587/$CLIENT_NAME" || true
}

# Somebody logs in with an account of his own and tells the client that it is
# logged in already: STARTTLS is not possible any more, and the client hands him
# what it wants to store.
sample_imap_preauth() {
	account mallory mallory
	account zoe
	message zoe@shop.example bob@bank.example 'Letter of notice' >"$SCRATCH/notice.eml"
	start_dovecot 'plain login' yes "$BEHIND_DOVECOT"
	relay 143 preauth
	tape
	client curl -sS --ssl -u "zoe:$PASSWORD" -T "$SCRATCH/notice.eml" "imap://$SERVER_NAME/INBOX"
}

# Mail and a message to the user, slipped in before TLS begins.
sample_imap_mailbox_forged() {
	account abel
	inbox abel 'Visit'
	start_dovecot 'plain login' required "$BEHIND_DOVECOT"
	relay 143 mailbox
	tape
	client curl -sS --ssl-reqd --cacert "$PKI/ca.pem" -u "abel:$PASSWORD" "imap://$SERVER_NAME/INBOX;MAILINDEX=1"
}

# Dovecot sends a user to another server (RFC 2221), after it has the password.
sample_imap_referral() {
	local password
	password=$(openssl rand -hex 8)
	echo "berta:$password::::::nologin=y host=mail2.example reason=Moved" >>"$USERS"
	start_dovecot 'plain login' no
	tape
	client python3 "$LIB_DIR/clients/imaplib_login.py" "$SERVER_NAME" 143 berta "$password"
}

# Which addresses exist: Postfix says 252 to everything or refuses, Exim
# answers and names the readers of a list. Then recipients, one by one, and a
# queue that anybody may have sent.
sample_address_probing() {
	local rcpt
	mapfile -t rcpt < <(printf 'RCPT TO:<%s@shop.example>\n' anna boris carla david emma felix greta henry iris jonas klara luis maria nils olivia paula rolf sofia tom ulrike viktor)
	start_postfix "$SERVER_NS" 'smtpd_error_sleep_time = 0' 'smtpd_hard_error_limit = 100' 'virtual_mailbox_maps = inline:{ { bob@shop.example = bob } }' 'relay_domains = lists.example'
	exim "$SERVER_NS" exim-talkative.conf -bd -oX 2525
	until_true listening "$SERVER_NS" 2525
	tape
	say 25 'VRFY bob@shop.example' 'VRFY <root@shop.example>' 'EXPN board'
	say 2525 'VRFY anna@shop.example' 'VRFY carla@shop.example' 'EXPN board'
	say 25 'MAIL FROM:<spam@bank.example>' "${rcpt[@]}" 'RCPT TO:<bob@shop.example>' RSET
	say 25 'ETRN lists.example'
}

# A text that holds another end of message and a second message behind it. One
# Postfix takes LF . LF for the end, the next does not; then an old device that
# ends lines with a bare LF.
sample_smuggling() {
	start_postfix "$SERVER_NS" 'smtpd_forbid_bare_newline = no' 'smtpd_forbid_unauth_pipelining = no'
	tape
	client python3 "$LIB_DIR/clients/smuggle.py" "$SERVER_NAME" 25 chef@bank.example
	postfix_changes "$SERVER_NS" 'smtpd_forbid_bare_newline = normalize'
	client python3 "$LIB_DIR/clients/smuggle.py" "$SERVER_NAME" 25 chef@bank.example
	client python3 "$LIB_DIR/clients/smuggle.py" "$SERVER_NAME" 25 none
}

# Compressed is not enciphered.
sample_imap_compress() {
	account clara
	inbox clara 'Dismissal'
	start_dovecot 'plain login' no 'protocol imap {' 'mail_plugins = imap_zlib' '}'
	tape
	client python3 "$LIB_DIR/clients/imap_compress.py" "$SERVER_NAME" 143 clara "$PASSWORD"
}

# What stands before a session: the PROXY protocol, in both versions, and
# Postfix's XCLIENT, all of which name another client.
sample_proxied() {
	account dagmar
	start_dovecot 'plain login' no 'haproxy_trusted_networks = 198.51.100.0/24' 'service imap-login {' 'inet_listener imap {' 'haproxy = yes' '}' '}'
	start_postfix "$SERVER_NS" "$SASL" "smtpd_authorized_xclient_hosts = $CLIENT_IP"
	postconf -c "$POSTFIX/$SERVER_NS/etc" -P 'submission/inet/smtpd_upstream_proxy_protocol=haproxy'
	inside "$SERVER_NS" postfix -c "$POSTFIX/$SERVER_NS/etc" reload
	sleep 1
	tape
	client curl -sS --haproxy-protocol --login-options AUTH=PLAIN -u "dagmar:$PASSWORD" "imap://$SERVER_NAME/"
	client swaks --server "$SERVER_NAME:587" --proxy-version 2 --proxy-family AF_INET --proxy-protocol STREAM --proxy-source 203.0.113.9 --proxy-source-port 51812 --proxy-dest "$SERVER_IP" --proxy-dest-port 587 \
		--helo "$CLIENT_NAME" --auth PLAIN --auth-user dagmar --auth-password "$PASSWORD" --quit-after AUTH
	client swaks --server "$SERVER_NAME:25" --xclient-addr 203.0.113.10 --xclient-name pc10.example --helo "$CLIENT_NAME" \
		--from dagmar@shop.example --to bob@shop.example --header 'Subject: Through a filter' --body 'It was checked for viruses.'
}
