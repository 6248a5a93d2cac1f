// Package config determines the settings: from flags, environment and config file.
//
// Invariants:
//
//  1. A flag of the command line overrides its variable AIRLIFT_NAME, which overrides the account's table in the config
//     file, which overrides the top level of that, which overrides the flag's default.
//  2. Keys of --profile override those of the environment, which override those of the AWS shared files.
//  3. An unknown setting is an error in the config file, and a warning in the environment.
//  4. Keys and the values of variables appear in no message.
//  5. The keys of an account go to its own URL alone, and no other keys stand in for them.
//  6. A file is read as a whole only if it is small; see [ReadSmall].
//
// Outside: what a setting means (package flags), and the rules of the config file (queue/intake).
package config
