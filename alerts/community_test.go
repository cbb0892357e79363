package alerts_test

import (
	"net/netip"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// The vectors are from the baseline of corelight/community-id-spec.
func TestCommunityID(t *testing.T) {
	tests := []struct{ client, server, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"[::ffff:128.232.110.120]:34855", "[::ffff:66.35.250.204]:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	}
	for _, tt := range tests {
		f := &dissect.Facts{Client: netip.MustParseAddrPort(tt.client), Server: netip.MustParseAddrPort(tt.server)}
		if got := alerts.CommunityID(f); got != tt.want {
			t.Errorf("%s to %s: %s, want %s", tt.client, tt.server, got, tt.want)
		}
	}
}
