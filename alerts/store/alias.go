package store

import "github.com/mailtap/mailtap/alerts"

type (
	Case   = alerts.Case
	Status = alerts.Status
)

const (
	New           = alerts.New
	Acknowledged  = alerts.Acknowledged
	Resolved      = alerts.Resolved
	AcceptedRisk  = alerts.AcceptedRisk
	FalsePositive = alerts.FalsePositive
)
