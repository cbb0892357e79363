package main

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// output writes results as they are stored.
type output interface {
	result(r *alerts.Result, least alerts.Severity) error
	end(s *alerts.Summary) error
}

// jsonlOutput writes every session, its findings, and the summary last.
type jsonlOutput struct{ json *export.JSONL }

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

func (o jsonlOutput) end(s *alerts.Summary) error { return o.json.Summary(s) }
