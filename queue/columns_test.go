package queue

import (
	"fmt"
	"strings"
	"testing"
)

func row(names ...string) (fields []Field) {
	for _, name := range names {
		fields = append(fields, Field{Name: name, Value: "x"})
	}
	return fields
}

// A batch takes so many columns and no more, whichever rows bring them; a row that is refused brings none.
func TestColumnSetIsBounded(t *testing.T) {
	s := NewColumnSet([]string{"old"})
	for i := range maxColumns - 2 {
		if err := s.Add(row(fmt.Sprint("c", i))); err != nil {
			t.Fatalf("column %d: %v", i+2, err)
		}
	}
	if err := s.Add(row("old", "y", "z")); err == nil || !strings.Contains(err.Error(), `"z" is one too many`) {
		t.Errorf("two where there is room for one: got %v", err)
	}
	if err := s.Add(row("c1", "y", "old")); err != nil {
		t.Errorf("the last one: %v", err)
	}
	if err := s.Add(row("z")); err == nil {
		t.Error("one too many was taken")
	}
	if got := s.Keep(row("z", "c1", "w")); len(got) != 1 || got[0].Name != "c1" {
		t.Errorf("of a rejected row: got %v", got)
	}
	if err := NewColumnSet(nil).Add(row(make([]string, maxColumns+1)...)); err == nil {
		t.Error("a row with more columns of one name was taken")
	}
	if err := NewColumnSet(nil).Add(row(strings.Repeat("n", maxColumnBytes+1))); err == nil || len(err.Error()) > 500 {
		t.Errorf("an endless name: got %v", err)
	}
}

// What a batch from before the bound has stays readable.
func TestColumnSetOfAnOldBatch(t *testing.T) {
	var names []string
	for i := range maxColumns + 5 {
		names = append(names, fmt.Sprint("c", i))
	}
	s := NewColumnSet(names)
	if err := s.Add(row(names[3], names[maxColumns+4])); err != nil {
		t.Errorf("columns that the batch has: %v", err)
	}
	if err := s.Add(row("new")); err == nil {
		t.Error("a new column was taken")
	}
}
