// Package alerts holds the words of judgement: severities, verdicts, findings,
// cases and their evidence.
package alerts
