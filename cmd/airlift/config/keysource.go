package config

import (
	"fmt"
	"slices"
	"strings"
)

// keySource says where the keys of an account are, if not in a profile.
type keySource struct {
	accessEnv, secretEnv   string
	accessFile, secretFile string
}

// keyNames are the settings of a keySource.
var keyNames = []string{"access-key-env", "secret-key-env", "access-key-file", "secret-key-file"}

// set sets one of keyNames, and reports whether it is one.
func (k *keySource) set(name string, values []string) bool {
	at := slices.Index(keyNames, name)
	if at < 0 {
		return false
	}
	*[]*string{&k.accessEnv, &k.secretEnv, &k.accessFile, &k.secretFile}[at] = strings.Join(values, " ")
	return true
}

// problem says what is wrong with the names. It shows none of the values: a key may stand in place of a name.
func (k *keySource) problem() string {
	switch {
	case k.accessEnv != "" && k.accessFile != "":
		return "access-key-env and access-key-file: give one of them"
	case k.secretEnv != "" && k.secretFile != "":
		return "secret-key-env and secret-key-file: give one of them"
	case (k.accessEnv+k.accessFile == "") != (k.secretEnv+k.secretFile == ""):
		return "there are two keys: give access-key-env or access-key-file, and secret-key-env or secret-key-file"
	}
	return ""
}

// AccountKeys says where the keys of an account of the config file are.
type AccountKeys struct {
	account, file string
	from          keySource
}

// KeysOf returns where the keys of an account are that has a table; nil for the default account.
func (f *File) KeysOf(name string) *AccountKeys {
	a, has := f.accounts[name]
	if !has {
		return nil
	}
	return &AccountKeys{name, f.Path, a.keys}
}

// KeyVariables returns the names of the environment variables that hold keys of accounts.
func (f *File) KeyVariables() (names []string) {
	for _, a := range f.accounts {
		for _, name := range []string{a.keys.accessEnv, a.keys.secretEnv} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// missingKeys is an [ErrNoKeys] for an account whose table does not tell where its keys are.
type missingKeys struct{ account, file string }

func (e *missingKeys) Error() string {
	return fmt.Sprintf("the credentials of the account %s: name a profile, or access-key-env and secret-key-env, or access-key-file and secret-key-file, in [account.%s] of %s",
		e.account, e.account, e.file)
}

func (e *missingKeys) Unwrap() error { return ErrNoKeys }

// find returns the keys of the account. profile is that of its table, or of a command line that names the account.
func (a *AccountKeys) find(e Env, profile string) (k Keys, err error) {
	if profile != "" {
		return e.profileKeys(profile)
	}
	if a.from == (keySource{}) {
		return k, &missingKeys{a.account, a.file}
	}
	k.place = fmt.Sprintf("[account.%s]", a.account)
	if k.Access, err = a.read(e, "access-key", a.from.accessEnv, a.from.accessFile); err != nil {
		return Keys{}, err
	}
	if k.Secret, err = a.read(e, "secret-key", a.from.secretEnv, a.from.secretFile); err != nil {
		return Keys{}, err
	}
	if of := e.get("AWS_ACCESS_KEY_ID"); of == k.Access {
		k.Token = e.get("AWS_SESSION_TOKEN")
	}
	return k, nil
}

// read reads a key from a variable or a file. No error shows what stands in their place.
func (a *AccountKeys) read(e Env, what, variable, file string) (string, error) {
	if variable != "" {
		if key := strings.TrimSpace(e.get(variable)); key != "" {
			return key, nil
		}
		return "", Usagef("[account.%s]: the environment variable that %s-env names is not set", a.account, what)
	}
	raw, err := ReadSmall(file)
	if err != nil {
		return "", Usagef("[account.%s]: the file that %s-file names cannot be read: %v", a.account, what, rootCause(err))
	}
	key := strings.TrimSpace(string(raw))
	if key == "" || strings.ContainsAny(key, "\r\n") {
		return "", Usagef("[account.%s]: the file that %s-file names must have the key alone, in one line", a.account, what)
	}
	return key, nil
}
