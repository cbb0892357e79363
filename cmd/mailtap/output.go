package main

import (
	"bufio"
	"io"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// output writes results as they are stored.
type output interface {
	result(r *alerts.Result, least alerts.Severity) error
	told() error // all results of a batch
	end(s *alerts.Summary) error
}

// jsonlOutput writes every session, its findings, and the summary last.
type jsonlOutput struct {
	json *export.JSONL
	out  *bufio.Writer // a write for each line costs more than the line
}

func newJSONLOutput(w io.Writer, secrets bool) jsonlOutput {
	out := bufio.NewWriter(w)
	j := export.NewJSONL(out)
	j.ShowSecrets = secrets
	return jsonlOutput{j, out}
}

func (o jsonlOutput) result(r *alerts.Result, least alerts.Severity) error {
	if err := o.json.Session(&r.Session); err != nil {
		return err
	}
	for i := range r.Findings {
		if r.Findings[i].Severity >= least {
			if err := o.json.Finding(&r.Findings[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o jsonlOutput) told() error { return o.out.Flush() }

func (o jsonlOutput) end(s *alerts.Summary) error {
	if err := o.json.Summary(s); err != nil {
		return err
	}
	return o.out.Flush()
}
