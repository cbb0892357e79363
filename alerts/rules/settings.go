package rules

import "github.com/mailtap/mailtap/dissect"

// The settings below are given by program; what they are called and which
// versions know them was checked against postconf(5), the documentation of
// Dovecot 2.3 and 2.4, Exim's specification and Microsoft's reference.
// Where Dovecot's versions agree no version is named.

var refuseClearLogins = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_auth_only = yes"},
	{Key: "Dovecot 2.3", Value: "ssl = required"},
	{Key: "Dovecot 2.3", Value: "disable_plaintext_auth = yes"},
	{Key: "Dovecot 2.4", Value: "ssl = required"},
	{Key: "Dovecot 2.4", Value: "auth_allow_cleartext = no"},
	{Key: "Exim", Value: "auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS"},
	{Key: "Exchange", Value: "Set-ImapSettings -LoginType SecureLogin"},
	{Key: "Exchange", Value: "Set-PopSettings -LoginType SecureLogin"},
}

var offerTLS = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_chain_files = /path/to/key-and-chain.pem"},
	{Key: "Postfix", Value: "smtpd_tls_security_level = may"},
	{Key: "Dovecot", Value: "ssl = required"},
	{Key: "Exim", Value: "tls_advertise_hosts = *"},
	{Key: "Exim", Value: "tls_certificate = /path/to/chain.pem"},
	{Key: "Exim", Value: "tls_privatekey = /path/to/key.pem"},
	{Key: "Exchange", Value: "Enable-ExchangeCertificate -Thumbprint ID -Services SMTP,IMAP,POP"},
}

// requireTLS is for submission and access; a server at port 25 has to take mail
// of those who cannot.
var requireTLS = []dissect.Pair{
	{Key: "Postfix, submission", Value: "smtpd_tls_security_level = encrypt"},
	{Key: "Postfix as client", Value: "smtp_tls_security_level = may"},
	{Key: "Dovecot", Value: "ssl = required"},
	{Key: "Exim, submission", Value: "acl_smtp_mail: require encrypted = *"},
	{Key: "Exim as client", Value: "hosts_require_tls = NAMES"},
	{Key: "Exchange, submission", Value: "Set-ReceiveConnector NAME -RequireTLS $true"},
	{Key: "Exchange as client", Value: "Set-SendConnector NAME -RequireTLS $true"},
}

// deliverInTLS is what a server does that hands mail on.
var deliverInTLS = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_tls_security_level = may"},
	{Key: "Postfix as client", Value: "smtp_dns_support_level = dnssec"},
	{Key: "Postfix as client", Value: "smtp_tls_security_level = dane"},
	{Key: "Postfix as client", Value: "smtp_tls_policy_maps = lmdb:/etc/postfix/tls_policy"},
	{Key: "Dovecot", Value: "ssl = required"},
	{Key: "Exim", Value: "tls_advertise_hosts = *"},
	{Key: "Exim as client", Value: "hosts_try_dane = *"},
	{Key: "Exim as client", Value: "hosts_require_tls = NAMES"},
	{Key: "Exchange", Value: "Enable-ExchangeCertificate -Thumbprint ID -Services SMTP,IMAP,POP"},
	{Key: "Exchange as client", Value: "Set-SendConnector NAME -RequireTLS $true"},
}

var tlsPorts = []dissect.Pair{
	{Key: "Postfix, port 465", Value: "smtpd_tls_wrappermode = yes"},
	{Key: "Dovecot, ports 993 and 995", Value: "ssl = yes in inet_listener imaps and pop3s"},
	{Key: "Exim", Value: "tls_on_connect_ports = 465"},
	{Key: "Exchange", Value: "Set-ImapSettings -SSLBindings [::]:993,0.0.0.0:993"},
	{Key: "Exchange", Value: "Set-PopSettings -SSLBindings [::]:995,0.0.0.0:995"},
}

// slowDown has Exchange's own values: they may have been turned off, and Microsoft
// warns of delays longer than some seconds.
var slowDown = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_client_auth_rate_limit = 10"},
	{Key: "Dovecot", Value: "auth_failure_delay = 5 secs"},
	{Key: "Exim", Value: "acl_smtp_auth: deny ratelimit = 10 / 5m / per_cmd"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -MaxLogonFailures 3 -AuthTarpitInterval 00:00:05"},
	{Key: "fail2ban", Value: "[dovecot] and [postfix-sasl]: enabled = true"},
}

var inspection = []dissect.Pair{
	{Key: "Cisco ASA", Value: "no inspect esmtp"},
	{Key: "Cisco ASA", Value: "policy-map type inspect esmtp NAME, parameters, allow-tls"},
}

var commandsForgotten = []dissect.Pair{
	{Key: "Postfix", Value: "version 2.4.16, 2.5.12, 2.6.9, 2.7.3, 2.8 or later"},
	{Key: "Dovecot", Value: "version 2.3.15 or later"},
}

var repliesForgotten = []dissect.Pair{
	{Key: "Exim as client", Value: "version 4.95 or later"},
}

var strictLineEnds = []dissect.Pair{
	{Key: "Postfix", Value: "version 3.9, 3.8.5, 3.7.10, 3.6.14, 3.5.24 or later, with"},
	{Key: "Postfix", Value: "smtpd_forbid_bare_newline = normalize"},
	{Key: "Postfix", Value: "smtpd_forbid_unauth_pipelining = yes"},
	{Key: "Exim", Value: "version 4.97.1 or later"},
	{Key: "Sendmail", Value: "version 8.18.1 or later"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -BareLinefeedRejectionEnabled $true"},
}

var noProbing = []dissect.Pair{
	{Key: "Postfix", Value: "disable_vrfy_command = yes"},
	{Key: "Exim", Value: "acl_smtp_vrfy and acl_smtp_expn not set"},
	{Key: "Exchange", Value: "Set-ReceiveConnector NAME -TarpitInterval 00:00:05"},
	{Key: "Sendmail", Value: "O PrivacyOptions=noexpn,novrfy"},
}

var noRelay = []dissect.Pair{
	{
		Key:   "Postfix",
		Value: "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
	},
	{Key: "Postfix", Value: "allow_untrusted_routing = no"},
	{Key: "Exim", Value: "acl_smtp_rcpt: require domains = +local_domains : +relay_to_domains"},
	{Key: "Exim", Value: "acl_smtp_rcpt: deny local_parts = ^.*[@%!/|]"},
	{
		Key:   "Exchange",
		Value: `Remove-ADPermission NAME -User "NT AUTHORITY\ANONYMOUS LOGON" -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient`,
	},
}

var noTurn = []dissect.Pair{
	{Key: "Postfix", Value: "smtpd_etrn_restrictions = permit_mynetworks, reject"},
	{Key: "Exim", Value: "acl_smtp_etrn not set"},
}
