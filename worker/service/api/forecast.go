package api

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"airlift/ratelimit"
	"airlift/worker/service"
)

func (s *Server) forecast(w http.ResponseWriter, r *http.Request) error {
	q, err := forecastQuery(r.URL.Query())
	if err != nil {
		return err
	}
	f, err := s.Service.Forecast(r.Context(), q)
	if err != nil {
		return err
	}
	return answer(w, f)
}

// forecastQuery returns what is asked for.
func forecastQuery(v url.Values) (service.ForecastQuery, error) {
	q := service.ForecastQuery{Batches: v["batch"], Limits: service.AssumedLimits{Rate: rate.Inf}}
	limits, err := assumed(v)
	if limits != nil {
		q.Limits = *limits
	}
	if text := v.Get("what_if_rate"); text != "" && err == nil {
		if q.WhatIf.Rate, err = ratelimit.ParseRate(text); err != nil {
			err = usage("what_if_rate: " + err.Error())
		}
	}
	if err == nil {
		q.WhatIf.Daily, err = optional(v, "what_if_daily")
	}
	if err == nil {
		q.WhatIf.Items, err = optional(v, "what_if_items")
	}
	if text := v.Get("by"); text != "" && err == nil {
		if q.By, err = time.Parse(time.RFC3339, text); err != nil {
			err = usage("by: " + err.Error())
		}
	}
	return q, err
}

// optional returns a parameter that is a whole number; nil: it is not given.
func optional(v url.Values, name string) (*int64, error) {
	if !v.Has(name) {
		return nil, nil
	}
	n, err := number(v, name, 0)
	if err == nil && n > math.MaxInt64 {
		err = usage(name + " is too large")
	}
	if err != nil {
		return nil, err
	}
	given := int64(n)
	return &given, nil
}

// Forecast implements [service.Holder].
func (h Holder) Forecast(ctx context.Context, q service.ForecastQuery) (f service.Forecasts, err error) {
	v := url.Values{"batch": q.Batches}
	setAssumed(v, q.Limits)
	if q.WhatIf.Rate > 0 {
		v.Set("what_if_rate", ratelimit.FormatRate(q.WhatIf.Rate))
	}
	for name, n := range map[string]*int64{"what_if_daily": q.WhatIf.Daily, "what_if_items": q.WhatIf.Items} {
		if n != nil {
			v.Set(name, strconv.FormatInt(*n, 10))
		}
	}
	if !q.By.IsZero() {
		v.Set("by", q.By.UTC().Format(time.RFC3339))
	}
	err = h.call(ctx, "GET", "/v1/forecast", v, nil, &f)
	return f, err
}
