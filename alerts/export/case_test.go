package export_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

func cases() []alerts.Case {
	return []alerts.Case{
		{ID: alerts.CaseID{1}, Rule: "base64-password", Title: "password sent in BASE64", Severity: alerts.Critical, Blame: alerts.BlameClient,
			Protocol: dissect.SMTP, Server: "10.0.0.9:25", Client: "10.0.0.5", First: 1e18, Last: 2e18, Findings: 7, Sessions: 3, Reopened: alerts.Regressed, Expires: 4e18},
		{ID: alerts.CaseID{2}, Rule: "cleartext-password", Title: "password sent without TLS", Severity: alerts.Critical, Blame: alerts.BlameAccount,
			Protocol: dissect.IMAP, Server: "[2001:db8::1]:143", Account: "=cmd\x1b[31m", HasAccount: true, First: 1e18, Last: 1e18,
			Findings: 1, Sessions: 1, Status: alerts.Resolved, ResolvedAt: 3e18, Note: "@fixed"},
	}
}

const wantCasesCSV = `severity,rule,status,reopened,protocol,server,client,account,blame,title,findings,sessions,first,last,resolved_at,expires,note,id
critical,base64-password,new,regressed,smtp,10.0.0.9:25,10.0.0.5,,client,password sent in BASE64,7,3,2001-09-09T01:46:40.000000000Z,2033-05-18T03:33:20.000000000Z,,2096-10-02T07:06:40.000000000Z,,c_010000000000000000000000
critical,cleartext-password,resolved,,imap,[2001:db8::1]:143,,'=cmd\x1b[31m,account,password sent without TLS,1,1,2001-09-09T01:46:40.000000000Z,2001-09-09T01:46:40.000000000Z,2065-01-24T05:20:00.000000000Z,,'@fixed,c_020000000000000000000000
`

const wantCasesJSON = `[
 {"type":"case","id":"c_010000000000000000000000","rule":"base64-password","severity":"critical","blame":"client","status":"new","reopened":"regressed","protocol":"smtp","server":"10.0.0.9:25","client":"10.0.0.5","account":null,"title":"password sent in BASE64","findings":7,"sessions":3,"first":"2001-09-09T01:46:40.000000000Z","last":"2033-05-18T03:33:20.000000000Z","resolved_at":null,"expires":"2096-10-02T07:06:40.000000000Z","note":null},
 {"type":"case","id":"c_020000000000000000000000","rule":"cleartext-password","severity":"critical","blame":"account","status":"resolved","reopened":null,"protocol":"imap","server":"[2001:db8::1]:143","client":null,"account":"=cmd\u001b[31m","title":"password sent without TLS","findings":1,"sessions":1,"first":"2001-09-09T01:46:40.000000000Z","last":"2001-09-09T01:46:40.000000000Z","resolved_at":"2065-01-24T05:20:00.000000000Z","expires":null,"note":"@fixed"}
]
`

func TestCases(t *testing.T) {
	var csv, json strings.Builder
	c := export.NewCasesCSV(&csv)
	a := export.NewArray(&json)
	j := export.NewJSONL(a)
	for _, k := range cases() {
		if err := c.Case(&k); err != nil {
			t.Fatal(err)
		}
		if err := j.Case(&k); err != nil {
			t.Fatal(err)
		}
	}
	c.Flush()
	a.Close()
	if diff := cmp.Diff(wantCasesCSV, csv.String()); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantCasesJSON, json.String()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestEmptyArray(t *testing.T) {
	var json strings.Builder
	export.NewArray(&json).Close()
	if json.String() != "[]\n" {
		t.Errorf("got %q", json.String())
	}
}
