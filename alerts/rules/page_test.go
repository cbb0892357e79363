package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// directives are the settings that each program knows: Postfix by postconf(5)
// of 3.7 and the release notes of 3.9, Dovecot by doveconf of 2.3 and the
// upgrade guide of 2.4, Exim by the option lists of its specification 4.96,
// Exchange by Microsoft's reference of its commands and their parameters. A
// name without a version holds for all versions in use.
var directives = map[string]string{
	"Postfix": `smtpd_tls_auth_only smtpd_tls_chain_files smtpd_tls_security_level smtp_tls_security_level
		smtp_tls_policy_maps smtp_dns_support_level smtpd_tls_wrappermode smtpd_tls_mandatory_protocols
		smtpd_tls_exclude_ciphers smtpd_tls_dh1024_param_file smtpd_tls_loglevel tls_ssl_options
		smtpd_client_auth_rate_limit smtpd_forbid_bare_newline smtpd_forbid_unauth_pipelining disable_vrfy_command
		smtpd_relay_restrictions allow_untrusted_routing smtpd_etrn_restrictions`,
	"Dovecot":     `ssl ssl_min_protocol ssl_cipher_list auth_failure_delay`,
	"Dovecot 2.2": `ssl_options`,
	"Dovecot 2.3": `ssl disable_plaintext_auth ssl_cert ssl_key ssl_dh verbose_ssl`,
	"Dovecot 2.4": `ssl auth_allow_cleartext ssl_server_cert_file ssl_server_key_file ssl_server_dh_file log_debug`,
	"Exim": `auth_advertise_hosts tls_advertise_hosts tls_certificate tls_privatekey tls_on_connect_ports tls_dhparam
		acl_smtp_mail acl_smtp_auth acl_smtp_rcpt acl_smtp_vrfy acl_smtp_expn acl_smtp_etrn hosts_require_tls
		hosts_try_dane log_selector`,
	"Exim with OpenSSL": `openssl_options tls_require_ciphers`,
	"Exim with GnuTLS":  `tls_require_ciphers`,
	"Exchange": `Set-ReceiveConnector -AuthMechanism -RequireTLS -MaxLogonFailures -AuthTarpitInterval
		-BareLinefeedRejectionEnabled -TarpitInterval -ProtocolLoggingLevel
		Set-SendConnector -RequireTLS
		Set-ImapSettings Set-PopSettings -LoginType -SSLBindings
		Enable-ExchangeCertificate -Thumbprint -Services
		Disable-TlsCipherSuite -Name
		Remove-ADPermission -User -ExtendedRights
		registry Protocols\TLS KeyExchangeAlgorithms\Diffie-Hellman update`,
	"Sendmail":    `O`,
	"Cisco ASA":   `no policy-map`,
	"fail2ban":    `[dovecot]`,
	"OpenSSL":     ``,
	"Thunderbird": `Account`,
	"Outlook":     `Account`,
	"Apple Mail":  `Settings Automatically`,
	"K-9 Mail":    `Account`,
	"Mutt":        ``,
}

// programOf cuts what is said of a program's use off, "as client" and "port
// 465", and the version where all of today's know the setting.
func programOf(key string) string {
	key, _, _ = strings.Cut(key, ",")
	key = strings.TrimSuffix(key, " as client")
	if version, ok := strings.CutPrefix(key, "Postfix 3."); ok && version < "8" {
		return "Postfix"
	}
	return key
}

// Settings are those that the programs have.
func TestSettings(t *testing.T) {
	for _, r := range rules.Rules {
		for _, s := range slices.Concat(r.Config, r.Clients) {
			known, there := directives[programOf(s.Key)]
			if !there {
				t.Errorf("%s: program %q is not in the table", r.ID, s.Key)
			}
			words := strings.Fields(s.Value)
			first := strings.TrimRight(words[0], ":,")
			if first != "version" && !slices.Contains(strings.Fields(known), first) {
				t.Errorf("%s: %s has no setting %q", r.ID, s.Key, first)
			}
			for _, word := range words[1:] {
				if strings.HasPrefix(s.Key, "Exchange") && strings.HasPrefix(word, "-") && !slices.Contains(strings.Fields(known), word) {
					t.Errorf("%s: %s has no parameter %s", r.ID, first, word)
				}
			}
		}
	}
}

// Servers that a rule's settings are given for, where they are not these four:
// "" where no setting of a server mends it.
var serversOf = map[string]string{
	"starttls-masked":             "Cisco",
	"starttls-command-injection":  "Postfix Dovecot",
	"starttls-response-injection": "Exim",
	"smtp-smuggling":              "Postfix Exim Exchange",
	"user-enumeration":            "Postfix Exim Exchange",
	"open-relay":                  "Postfix Exim Exchange",
	"turn-without-auth":           "Postfix Exim",
	"tls-compression":             "Postfix Dovecot Exim",
	"tls-insecure-renegotiation":  "OpenSSL Exchange",
	"heartbleed":                  "OpenSSL",

	"policy-violation":          "",
	"capability-contradiction":  "",
	"imap-preauth":              "",
	"mailbox-data-before-login": "",
	"alert-before-tls":          "",
	"conflicting-segments":      "",
	"certificate-changed":       "",
	"mail-on-unusual-port":      "",
}

// A rule says how to mend it in every server that is asked about most.
func TestServers(t *testing.T) {
	for id := range serversOf {
		if rules.Find(id) == nil {
			t.Errorf("there is no rule %s", id)
		}
	}
	for _, r := range rules.Rules {
		wanted, special := serversOf[r.ID]
		if !special {
			wanted = "Postfix Dovecot Exim Exchange"
		}
		for server := range strings.FieldsSeq(wanted) {
			if !slices.ContainsFunc(r.Config, func(s dissect.Pair) bool { return strings.HasPrefix(s.Key, server) }) {
				t.Errorf("%s does not say how to mend it in %s", r.ID, server)
			}
		}
		if wanted == "" && len(r.Config) > 0 {
			t.Errorf("%s has settings after all", r.ID)
		}
		inClient := r.Group == rules.Credential || r.Group == rules.Encryption
		if inClient && r.Who != rules.ByAnybody && r.ID != "policy-violation" && len(r.Clients) == 0 {
			t.Errorf("%s does not say how to mend it in mail programs", r.ID)
		}
	}
}

// reference is an RFC with its section, a vulnerability, or a page of a vendor
// or of mailtap.
var reference = regexp.MustCompile(`^(RFC [1-9][0-9]{2,3}(, (section [1-9][0-9]*(\.[0-9]+)*|appendix [A-Z](\.[0-9]+)*))?` +
	`|CVE-[0-9]{4}-[0-9]{4,5}|MS-NLMP|Cisco ASA .*|'mailtap [a-z ]+')$`)

func TestReferences(t *testing.T) {
	for _, r := range rules.Rules {
		for i, ref := range r.Refs {
			if !reference.MatchString(ref) || slices.Contains(r.Refs[:i], ref) {
				t.Errorf("%s: reference %q", r.ID, ref)
			}
		}
	}
}

// What a server offers is not told as what a client sent.
func TestOfferedIsNotLeaked(t *testing.T) {
	for id, said := range map[string]string{
		"auth-offered-in-clear": "nothing has leaked", "starttls-not-offered": "findings of its own", "starttls-not-used": "findings of its own",
	} {
		if r := rules.Find(id); !strings.Contains(r.Why, said) || strings.Contains(r.Title, "sent") {
			t.Errorf("%s: %s: %s", id, r.Title, r.Why)
		}
	}
	for _, id := range []string{"cleartext-password", "base64-password", "cleartext-token", "crackable-auth", "message-in-clear"} {
		if r := rules.Find(id); !strings.Contains(r.Title, "sent") || r.Who == rules.ByAttacker {
			t.Errorf("%s: %s", id, r.Title)
		}
	}
}
