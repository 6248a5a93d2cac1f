package airtest

import (
	"fmt"
	"strconv"
	"strings"
)

// Account is what one access key may do. A listed one is accepted with any secret key.
type Account struct {
	// DailyCap and MonthlyQuota are as in Settings, for this account alone. 0: those of Settings.
	DailyCap     int `json:"daily_cap"`
	MonthlyQuota int `json:"monthly_quota"`
	// Refused answers 401.
	Refused bool `json:"refused"`
}

// used is what an account has used up.
type used struct{ today, month int }

// use counts a job of an access key. The caller holds s.mu.
func (s *Server) use(access string) {
	key := s.settings.account(access)
	own := s.accepted[key]
	s.accepted[key] = used{own.today + 1, own.month + 1}
}

// account returns the account of an access key: those that are not listed have one together, "".
func (s Settings) account(access string) string {
	if _, listed := s.Accounts[access]; listed {
		return access
	}
	return ""
}

// limitsOf returns the caps of an account.
func (s Settings) limitsOf(access string) Account {
	own := s.Accounts[access]
	if own.DailyCap == 0 {
		own.DailyCap = s.DailyCap
	}
	if own.MonthlyQuota == 0 {
		own.MonthlyQuota = s.MonthlyQuota
	}
	return own
}

// ParseAccounts reads "ACCESSKEY=daily:N,monthly:N" for each account; either limit may be left out, and "refused" answers 401.
func ParseAccounts(texts []string) (map[string]Account, error) {
	all := map[string]Account{}
	for _, text := range texts {
		key, limits, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q: write ACCESSKEY=daily:N,monthly:N", text)
		}
		var a Account
		for limit := range strings.SplitSeq(limits, ",") {
			name, number, _ := strings.Cut(limit, ":")
			n, err := strconv.Atoi(number)
			switch {
			case limit == "refused":
				a.Refused = true
			case name == "daily" && err == nil && n > 0:
				a.DailyCap = n
			case name == "monthly" && err == nil && n > 0:
				a.MonthlyQuota = n
			default:
				return nil, fmt.Errorf("%q: a limit is daily:N or monthly:N with N above 0, or refused", text)
			}
		}
		all[key] = a
	}
	return all, nil
}
