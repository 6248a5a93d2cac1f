package config

import "strings"

// fileSuffix ends the name of a variable that names a file with the value of another variable, as systemd's credentials and
// mounted secrets are given.
const fileSuffix = "_FILE"

// secret returns the value of a variable or, without one, what is in the file that its _FILE variable names, without blanks
// around it.
//
// Errors: usage errors. They do not show the value.
func (e Env) secret(name string) (string, error) {
	value, path := e.get(name), e.get(name+fileSuffix)
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", Usagef("%s and %s are both set: set one of them", name, name+fileSuffix)
	}
	content, err := ReadSmall(path)
	if err != nil {
		return "", Usagef("%s: %v", name+fileSuffix, err)
	}
	if value = strings.TrimSpace(string(content)); value == "" {
		return "", Usagef("%s: %s is empty", name+fileSuffix, path)
	}
	return value, nil
}

// inFiles reports whether the keys are in the files that variables name.
func (e Env) inFiles() bool {
	return e.get("WASABI_ACCESS_KEY") == "" && e.get("WASABI_ACCESS_KEY"+fileSuffix) != ""
}
