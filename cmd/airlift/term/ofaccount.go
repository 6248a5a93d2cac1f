package term

import (
	"cmp"
	"slices"

	"airlift/worker/service"
	"airlift/worker/service/eventlog"
)

// OfAccount returns the overview of one account and its batches, and whether there is such an account.
func OfAccount(o service.Overview, name string) (service.Overview, bool) {
	at := slices.IndexFunc(o.Accounts, func(a service.AccountOverview) bool { return a.Name == name })
	if at < 0 {
		return o, false
	}
	o.Account = o.Accounts[at]
	o.Accounts, o.Run = []service.AccountOverview{o.Account}, o.Account.Run
	others := map[string]bool{}
	var own []service.BatchOverview
	var worked []service.Status
	o.InDoubt, o.Errors = 0, nil
	for _, b := range o.Batches {
		if b.Account != name {
			others[b.Batch] = true
			continue
		}
		own = append(own, b)
		o.InDoubt += b.InDoubt
		if b.Worked {
			worked = append(worked, b.Status)
		}
		for _, e := range b.Errors {
			o.Errors = append(o.Errors, service.ErrorOverview{ErrorCount: e, Batch: b.Batch})
		}
	}
	slices.SortStableFunc(o.Errors, func(a, b service.ErrorOverview) int { return cmp.Compare(b.Count, a.Count) })
	o.Batches, o.ETA = own, service.LastETA(worked)
	o.Events = slices.DeleteFunc(slices.Clone(o.Events), func(e eventlog.Event) bool { return others[e.Batch] })
	return o, true
}
