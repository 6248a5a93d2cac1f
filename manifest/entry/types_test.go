package entry

import "testing"

// Each type that AiR reads has one class, by which --types finds it.
func TestClassOf(t *testing.T) {
	for key, want := range map[string]string{
		"a/b.MOV": "video", "b.m4a": "audio", "b.jpeg": "image", "b.pdf": "document", "b.txt": "", "b": "", "a.mov/b": "",
	} {
		if got := ClassOf(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	all, err := parseTypes(Classes())
	if err != nil || len(all) != len(AiRTypes()) {
		t.Errorf("all classes: got %v, %v", all, err)
	}
}
