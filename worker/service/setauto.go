package service

// SetAuto is the part of a [SetRequest] about a rate that is found.
type SetAuto struct {
	// AutoRate asks for the rate that AiR is found to bear. It replaces a rate and a table, and these replace it.
	AutoRate bool `json:"auto_rate,omitempty"`
	// MaxRate is the highest that may be found, in requests a second; nil: it stays as it is.
	MaxRate *float64 `json:"max_rate,omitempty"`
}

// validRate reports whether a rate can be set; nil: none is.
func validRate(r *float64) bool { return r == nil || *r > 0 && *r <= UnlimitedRate }
