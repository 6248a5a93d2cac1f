// Package prometheus tests the alert rules and the dashboard of cmd/airlift/deploy with Prometheus' own parser and engine.
package prometheus
