package main

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

// sum adds up every count that an engine has.
func TestSumOfStats(t *testing.T) {
	var each engine.Stats
	v := reflect.ValueOf(&each).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.CanUint():
			f.SetUint(uint64(i) + 1)
		case f.CanInt():
			f.SetInt(int64(i) + 1)
		default:
			t.Fatalf("field %s cannot be set", v.Type().Field(i).Name)
		}
	}
	want := each
	w := reflect.ValueOf(&want).Elem()
	for i := range w.NumField() {
		if f := w.Field(i); f.CanUint() {
			f.SetUint(2 * f.Uint())
		}
	}
	if diff := cmp.Diff(want, sum(each, each)); diff != "" {
		t.Errorf("twice the same (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]engine.Stats{each, each}, []engine.Stats{sum(each, engine.Stats{}), sum(engine.Stats{}, each)}); diff != "" {
		t.Errorf("with nothing (-want +got):\n%s", diff)
	}
	late := engine.Stats{Packets: 1, First: 100, Last: 200}
	if got := sum(late, each); got.First != each.First || got.Last != 200 {
		t.Errorf("from %d to %d", got.First, got.Last)
	}
}

// Each bound that was hit is said, and nothing where none was.
func TestLimitsText(t *testing.T) {
	for _, test := range []struct {
		stats engine.Stats
		want  string
	}{
		{engine.Stats{Packets: 7, Fragments: 2, Joined: 1}, ""},
		{engine.Stats{Evicted: 3}, "limits that were reached: 3 connections given up, as too many were open at a time\n"},
		{engine.Stats{Forced: 4, Unsettled: 5, Unjoined: 6}, "limits that were reached: " +
			"4 times that missing packets were not waited for any longer, as too much was held back, " +
			"5 repeated ranges that were not compared, so a forged packet may have been missed, " +
			"6 datagrams whose fragments were not put together, by a limit or as some were missing\n"},
	} {
		if diff := cmp.Diff(test.want, limitsText(&test.stats)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.stats, diff)
		}
	}
}

func TestSummaryText(t *testing.T) {
	const nothing = "\n0 mail sessions: 0 exposed, 0 weak, 0 clear, 0 protected, 0 unknown\n" +
		"findings: 0 critical, 0 high, 0 medium, 0 low, 0 info\n"
	for _, test := range []struct {
		summary alerts.Summary
		want    string
	}{
		{alerts.Summary{}, nothing},
		{alerts.Summary{Midstream: 1, OneSided: 2, Gapped: 3, GapBytes: 4, Dropped: 5, UnknownLink: 6, TruncatedPackets: 7, Damaged: []string{"x"}},
			nothing + "not all was seen: 1 session joined late, 2 sessions seen from one side only, 3 sessions with lost bytes, " +
				"4 bytes lost, 5 packets dropped before they were seen, 6 packets of an unknown link type, " +
				"7 packets cut within their headers, 1 file read only up to its damage\n"},
		{alerts.Summary{DuplicatePackets: 8}, nothing + "passed over: 8 packets that were captured twice\n"},
	} {
		if diff := cmp.Diff(test.want, summaryText(&test.summary)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.summary, diff)
		}
	}
}

func TestProgressText(t *testing.T) {
	for _, test := range []struct {
		waiting, want string
	}{
		{"", "3 findings"},
		{"waiting for more of a.pcap", "3 findings, waiting for more of a.pcap"},
	} {
		if got := progressText(3, test.waiting); got != test.want {
			t.Errorf("%q: got %q, want %q", test.waiting, got, test.want)
		}
	}
}
