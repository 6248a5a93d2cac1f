package queue

import "encoding/json"

// Preview is what a user needs to see of a job before it is sent, to find a wrong column or setting.
type Preview struct {
	Bucket   string          `json:"bucket"`
	Key      string          `json:"key"`
	Name     string          `json:"name"`
	Services json.RawMessage `json:"services"`
}

// Preview returns the job of an item under the settings of its batch, whose names n makes.
func (n Namer) Preview(s *Settings, it *Item) Preview {
	p := Preview{Bucket: it.Bucket, Key: it.Key, Name: n.Name(it), Services: s.Fields(it).Services}
	if len(p.Services) == 0 {
		p.Services = json.RawMessage("{}")
	}
	return p
}
