# shellcheck shell=bash
# One function a sample: sample_imap_login makes imap-login.pcap. It starts the
# servers, calls tape when they are ready, and runs the clients.

# shellcheck disable=SC2034 # for make.sh
readonly SAMPLES=(
	imap-login imap-ipv6 pop3-userpass smtp-message smtp-auth-plain smtp-auth-login ntlm cram-md5 digest-md5-cancelled apop scram
	oauth managesieve lmtp smtp-bdat smime-pgp ssl-ports starttls starttls-not-offered starttls-ignored
	starttls-refused fetchmail-stls-refused imap-logindisabled-ignored tls-failed-then-clear password-guessing
	password-spraying
	tls-old-versions tls-weak-ciphers tls-key-exchange tls-legacy-renegotiation certificates tls-failed tls-resumed
	starttls-stripped imap-list-contradiction starttls-masked starttls-command-masked starttls-injection imap-preauth
	imap-mailbox-forged imap-referral address-probing smuggling imap-compress proxied
	starttls-then-clear segments-forged tls-compression heartbleed
)

# account NAME [PASSWORD]: lets somebody log in; a random password if none is
# given. It stands in PASSWORD afterwards.
account() {
	PASSWORD=${2:-$(openssl rand -hex 8)}
	printf '%s:%s\n' "$1" "$PASSWORD" >>"$USERS"
}

# message FROM TO SUBJECT [BODY]: prints a mail with CRLF line ends.
message() {
	printf '%s\r\n' "From: $1" "To: $2" "Subject: $3" "Date: $(date -R)" \
		"Message-ID: <$(openssl rand -hex 6)@${1#*@}>" 'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' ''
	printf '%s\r\n' "${4:-Revenue is up 4.1 % on last year, EBIT 12.7 million. Not for circulation.}"
}

# inbox ACCOUNT SUBJECT [LOCAL-PART]: puts a mail into a mailbox.
inbox() {
	mkdir -p "$SCRATCH/mail/$1"/{cur,new,tmp}
	message cfo@bank.example "${3:-$1}@shop.example" "$2" | tr -d '\r' >"$SCRATCH/mail/$1/new/1.mail"
	chown -R mail:mail "$SCRATCH/mail"
}

# Lines of main.cf.
readonly TLS_OFFERED='smtpd_tls_security_level = may' SASL='smtpd_sasl_auth_enable = yes'

sample_imap_login() {
	account 'test\\joe' myPassword # Dovecot's user file wants it twice
	inbox 'test\joe' 'Quarterly figures' joe
	start_dovecot 'plain login' no
	tape
	fetchmail_with "poll $SERVER_NAME protocol IMAP auth password user \"test\\\\joe\" password myPassword sslproto '' keep fetchall mda /usr/bin/true"
}

sample_imap_ipv6() {
	account vera
	inbox vera 'Board election'
	start_dovecot 'plain login' no
	tape
	client curl -sS -6 --login-options AUTH=PLAIN -u "vera:$PASSWORD" "imap://[$SERVER_IP6]/INBOX;MAILINDEX=1"
}

sample_pop3_userpass() {
	account nina
	inbox nina 'Minutes of the board'
	start_dovecot 'plain login' no
	tape
	fetchmail_with "poll $SERVER_NAME protocol POP3 auth password user nina password $PASSWORD sslproto '' fetchall mda /usr/bin/true"
}

sample_smtp_message() {
	start_postfix "$SERVER_NS" 'smtpd_discard_ehlo_keywords = chunking'
	tape
	message cfo@bank.example board@shop.example 'Q3 forecast' | exim_sends cfo@bank.example board@shop.example
}

sample_smtp_bdat() {
	start_postfix "$SERVER_NS"
	tape
	message cfo@bank.example board@shop.example 'Q4 forecast' | exim_sends cfo@bank.example board@shop.example
}

sample_smtp_auth_plain() {
	account olga
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL"
	tape
	client swaks --server "$SERVER_NAME:587" --helo "$CLIENT_NAME" --auth PLAIN --auth-user olga --auth-password "$PASSWORD" \
		--from olga@shop.example --to bob@bank.example --header 'Subject: Offer no. 1177' --body 'Our price is 99,000.'
}

# The user name test arrives without its BASE64 padding. Dovecot and Exim refuse
# that, qpsmtpd takes it. Then the same again with a client that pads.
sample_smtp_auth_login() {
	account test
	start_qpsmtpd 587
	tape
	client python3 "$LIB_DIR/clients/auth_login_unpadded.py" "$SERVER_NAME" 587 dGVzdA "$PASSWORD"
	client swaks --server "$SERVER_NAME:587" --helo "$CLIENT_NAME" --auth LOGIN --auth-user test --auth-password "$PASSWORD" --quit-after AUTH
}

# The user with a domain, as Windows has it, and a second one without.
sample_ntlm() {
	local user
	account alice
	start_exim 587
	tape
	for user in 'CORP\alice' alice; do
		message alice@shop.example bob@bank.example 'Holiday plan' |
			client curl -sS --login-options AUTH=NTLM -u "$user:$PASSWORD" --mail-from alice@shop.example --mail-rcpt bob@bank.example -T - "smtp://$SERVER_NAME:587/$CLIENT_NAME"
	done
}

sample_cram_md5() {
	account carl
	inbox carl 'Server room key'
	start_dovecot cram-md5 no
	start_postfix "$SERVER_NS" "$SASL"
	tape
	client swaks --server "$SERVER_NAME:587" --helo "$CLIENT_NAME" --auth CRAM-MD5 --auth-user carl --auth-password "$PASSWORD" \
		--from carl@shop.example --to bob@bank.example --header 'Subject: Server room key' --body 'The key is at the desk.'
	client curl -sS --login-options AUTH=CRAM-MD5 -u "carl:$PASSWORD" "imap://$SERVER_NAME/INBOX;MAILINDEX=1"
}

sample_digest_md5_cancelled() {
	account dora
	start_dovecot 'digest-md5 cram-md5' no
	start_postfix "$SERVER_NS" "$SASL"
	tape
	message dora@shop.example bob@bank.example 'Stock list' |
		client curl -sS -u "dora:$PASSWORD" --mail-from dora@shop.example --mail-rcpt bob@bank.example -T - "smtp://$SERVER_NAME:587/$CLIENT_NAME"
}

sample_apop() {
	account emil
	inbox emil 'Your invoice'
	start_dovecot apop no
	tape
	client curl -sS --login-options AUTH=+APOP -u "emil:$PASSWORD" "pop3://$SERVER_NAME/1"
}

# Nothing reusable crosses, but all that follows could be read.
sample_scram() {
	account wilma
	start_dovecot scram-sha-256 no
	tape
	client gsasl --client --imap --no-starttls --mechanism SCRAM-SHA-256 --authentication-id wilma --password "$PASSWORD" --quiet "$SERVER_NAME" 143 </dev/null
}

# The token is a JWT that Dovecot checks with a key of its own (RFC 7519).
sample_oauth() {
	local key token claims
	key=$(openssl rand -base64 32)
	mkdir -p "$DOVECOT/keys/default/HS256"
	echo "$key" >"$DOVECOT/keys/default/HS256/default"
	fill dovecot-oauth2.conf >"$DOVECOT/oauth2.conf"
	claims="{\"sub\":\"frida\",\"iat\":$(date +%s),\"exp\":$(($(date +%s) + 3600))}"
	token=$(python3 "$LIB_DIR/clients/jwt.py" "$key" "$claims")
	inbox frida 'Password reset'
	start_dovecot 'xoauth2 oauthbearer' no 'passdb {' 'driver = oauth2' 'mechanisms = xoauth2 oauthbearer' "args = $DOVECOT/oauth2.conf" '}'
	start_postfix "$SERVER_NS" "$SASL" 'smtpd_sasl_mechanism_filter = xoauth2'
	tape
	client curl -sS --login-options AUTH=OAUTHBEARER --oauth2-bearer "$token" -u frida: "imap://$SERVER_NAME/INBOX;MAILINDEX=1"
	message frida@shop.example bob@bank.example 'Password reset' |
		client curl -sS --oauth2-bearer "$token" -u frida: --mail-from frida@shop.example --mail-rcpt bob@bank.example -T - "smtp://$SERVER_NAME:587/$CLIENT_NAME"
}

sample_managesieve() {
	account gina
	start_dovecot plain no
	tape
	client sieve-connect --nosrv --clearchan --server "$SERVER_NAME" --port 4190 --user gina --passwordfd 0 --list <<<"$PASSWORD"
}

sample_lmtp() {
	account hugo
	start_dovecot plain no
	start_postfix "$CLIENT_NS" "default_transport = lmtp:[$SERVER_IP]:24" 'lmtp_host_lookup = native' 'virtual_mailbox_domains =' 'myhostname = mx.shop.example'
	tape
	message cfo@bank.example hugo@shop.example 'Salaries 2026' | send_with_postfix "$CLIENT_NS" cfo@bank.example hugo@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# Two messages whose content is protected from end to end, though the wire is not.
sample_smime_pgp() {
	start_postfix "$SERVER_NS"
	message ida@bank.example legal@shop.example 'Contract' >"$SCRATCH/plain.eml"
	openssl cms -encrypt -aes-256-cbc -in "$SCRATCH/plain.eml" -out "$SCRATCH/smime.eml" -crlfeol \
		-from ida@bank.example -to legal@shop.example -subject 'Contract, sealed' "$PKI/ca.pem"
	pgp_message ida@bank.example legal@shop.example 'Contract, enciphered' <"$SCRATCH/plain.eml" >"$SCRATCH/pgp.eml"
	tape
	local mail
	for mail in smime pgp; do
		client swaks --server "$SERVER_NAME:25" --helo "$CLIENT_NAME" --from ida@bank.example --to legal@shop.example --data "@$SCRATCH/$mail.eml"
	done
}

sample_ssl_ports() {
	account karl
	inbox karl 'Patent draft'
	start_dovecot 'plain login' yes
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED"
	tape
	client curl -sS --cacert "$PKI/ca.pem" -u "karl:$PASSWORD" "imaps://$SERVER_NAME/INBOX;MAILINDEX=1"
	printf 'USER karl\r\nPASS %s\r\nSTAT\r\nQUIT\r\n' "$PASSWORD" |
		client openssl s_client -quiet -verify_return_error -CAfile "$PKI/ca.pem" -tls1_2 -servername "$SERVER_NAME" -connect "$SERVER_NAME:995"
	client swaks --server "$SERVER_NAME:465" --tls-on-connect --tls-sni "$SERVER_NAME" --helo "$CLIENT_NAME" --auth PLAIN --auth-user karl --auth-password "$PASSWORD" \
		--from karl@shop.example --to bob@bank.example --header 'Subject: Patent draft'
}

sample_starttls() {
	account lena
	inbox lena 'Merger'
	start_dovecot 'plain login' required
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" 'smtpd_tls_auth_only = yes'
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' \
		'smtp_tls_security_level = secure' "smtp_tls_CAfile = $PKI/ca.pem" 'smtp_tls_secure_cert_match = hostname' 'smtp_tls_protocols = TLSv1.2' 'smtp_tls_mandatory_protocols = <=TLSv1.2' 'smtp_tls_servername = hostname'
	tape
	client curl -sS --ssl-reqd --cacert "$PKI/ca.pem" -u "lena:$PASSWORD" "imap://$SERVER_NAME/INBOX;MAILINDEX=1"
	client curl -sS --ssl-reqd --cacert "$PKI/ca.pem" --tls-max 1.2 -u "lena:$PASSWORD" "pop3://$SERVER_NAME/1"
	client swaks --server "$SERVER_NAME:587" --tls --tls-sni "$SERVER_NAME" --helo "$CLIENT_NAME" --auth PLAIN --auth-user lena --auth-password "$PASSWORD" \
		--from lena@shop.example --to bob@bank.example --header 'Subject: Merger'
	message cfo@bank.example lena@shop.example 'Merger' | send_with_postfix "$CLIENT_NS" cfo@bank.example lena@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# The server knows no TLS but takes passwords.
sample_starttls_not_offered() {
	account mona
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL"
	tape
	message mona@shop.example bob@bank.example 'Price list' |
		client curl -sS --login-options AUTH=LOGIN -u "mona:$PASSWORD" --mail-from mona@shop.example --mail-rcpt bob@bank.example -T - "smtp://$SERVER_NAME:587/$CLIENT_NAME"
}

# The server offers TLS, the client does not care.
sample_starttls_ignored() {
	account noah
	start_dovecot 'plain login' yes
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED"
	tape
	client swaks --server "$SERVER_NAME:587" --helo "$CLIENT_NAME" --auth PLAIN --auth-user noah --auth-password "$PASSWORD" \
		--from noah@shop.example --to bob@bank.example --header 'Subject: Tender' --body 'We bid 2.4 million.'
}

# The server offers TLS and then has no key: 454. Both clients go on in clear.
sample_starttls_refused() {
	account paul
	start_dovecot 'plain login' no
	start_postfix "$SERVER_NS" "$SASL" "$TLS_OFFERED" "smtpd_tls_key_file = $PKI/lost.key"
	tape
	client swaks --server "$SERVER_NAME:587" --tls-optional --helo "$CLIENT_NAME" --auth PLAIN --auth-user paul --auth-password "$PASSWORD" \
		--from paul@shop.example --to bob@bank.example --header 'Subject: Audit' --body 'The audit begins on Monday.'
	message paul@shop.example bob@bank.example 'Audit' |
		client curl -sS --ssl --login-options AUTH=PLAIN -u "paul:$PASSWORD" --mail-from paul@shop.example --mail-rcpt bob@bank.example -T - "smtp://$SERVER_NAME:587/$CLIENT_NAME"
}

# fetchmail asks for TLS unasked; refused, it leaves without a password.
sample_fetchmail_stls_refused() {
	account rosa
	start_dovecot 'plain login' no
	tape
	fetchmail_with "poll $SERVER_NAME protocol POP3 user rosa password $PASSWORD sslproto TLS1.2+ fetchall mda /usr/bin/true" || true
}

sample_imap_logindisabled_ignored() {
	account sven
	start_dovecot 'plain login' yes 'disable_plaintext_auth = yes'
	tape
	client python3 "$LIB_DIR/clients/imaplib_login.py" "$SERVER_NAME" 143 sven "$PASSWORD"
}

# The two ends share no TLS version. Postfix tries, waits, tries again, and
# then delivers in clear.
sample_tls_failed_then_clear() {
	start_postfix "$SERVER_NS" "$TLS_OFFERED" 'smtpd_tls_protocols = >=TLSv1.3'
	start_postfix "$CLIENT_NS" "relayhost = [$SERVER_NAME]" 'virtual_mailbox_domains =' 'myhostname = mx.bank.example' \
		'smtp_tls_security_level = may' 'smtp_tls_protocols = <=TLSv1.2' \
		'minimal_backoff_time = 2s' 'maximal_backoff_time = 2s' 'queue_run_delay = 1s'
	tape
	message cfo@bank.example board@shop.example 'Dividend' | send_with_postfix "$CLIENT_NS" cfo@bank.example board@shop.example
	until_true grep -q 'status=sent' "$POSTFIX/$CLIENT_NS/log"
	postfix_stops "$CLIENT_NS"
}

# Twelve wrong passwords for one account, then the right one.
sample_password_guessing() {
	local i
	account tina
	start_dovecot 'plain login' no
	tape
	for ((i = 0; i < 12; i++)); do
		client curl -sS --login-options AUTH=PLAIN -u "tina:$(openssl rand -hex 4)" "pop3://$SERVER_NAME/" 2>/dev/null || true
	done
	client curl -sS --login-options AUTH=PLAIN -u "tina:$PASSWORD" "pop3://$SERVER_NAME/"
}

# One password tried on twelve accounts.
sample_password_spraying() {
	local i
	account ursula
	PASSWORD=$(openssl rand -hex 5)
	start_dovecot 'plain login' no
	tape
	for i in adam ben cleo dirk eva fritz gerd hans inge jan kim ursula; do
		client curl -sS --login-options AUTH=PLAIN -u "$i:$PASSWORD" "imap://$SERVER_NAME/" 2>/dev/null || true
	done
}

# exim_sends FROM TO <message: fails unless Exim says that it was delivered.
exim_sends() { exim "$CLIENT_NS" exim-client.conf -odi -f "$1" "$2" 2>&1 | grep ' => '; }

# fetchmail_with LINE: one poll with that configuration.
fetchmail_with() {
	echo "$1" >"$SCRATCH/fetchmailrc"
	chmod 600 "$SCRATCH/fetchmailrc"
	client fetchmail --nosyslog --pidfile "$SCRATCH/fetchmail.pid" --idfile "$SCRATCH/fetchids" -f "$SCRATCH/fetchmailrc"
}

# pgp_message FROM TO SUBJECT <content: as RFC 3156 has it, for a new key.
pgp_message() {
	local home="$SCRATCH/gnupg" boundary=sealed
	mkdir -p "$home" && chmod 700 "$home"
	gpg --homedir "$home" --batch --quiet --passphrase '' --quick-generate-key "$2" rsa2048 encrypt never 2>/dev/null
	gpg --homedir "$home" --batch --quiet --trust-model always --armor --encrypt -r "$2" -o "$SCRATCH/body.asc"
	gpgconf --homedir "$home" --kill gpg-agent
	printf '%s\r\n' "From: $1" "To: $2" "Subject: $3" "Date: $(date -R)" 'MIME-Version: 1.0' \
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"$boundary\"" '' \
		"--$boundary" 'Content-Type: application/pgp-encrypted' '' 'Version: 1' '' "--$boundary" 'Content-Type: application/octet-stream' ''
	sed 's/$/\r/' "$SCRATCH/body.asc"
	printf '\r\n--%s--\r\n' "$boundary"
}
