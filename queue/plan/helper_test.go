package plan

import (
	"math"
	"time"
)

var (
	noon = time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	inf  = math.Inf(1)
)

func at(d, hour, minute int) time.Time { return time.Date(2024, 2, d, hour, minute, 0, 0, time.UTC) }
