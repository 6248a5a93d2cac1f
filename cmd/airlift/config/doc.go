// Package config answers which setting is in force, and where it comes from.
//
// Invariants:
//
//  1. A flag of the command line overrides its variable AIRLIFT_NAME, which overrides the config file, which overrides
//     the flag's default.
//  2. Keys of --profile override those of the environment, which override those of the AWS shared files.
//  3. A setting that nothing knows is an error if it stands in the file, and a warning if it is a variable.
//  4. Keys and the values of variables appear in no message.
//  5. A file is read as a whole only if it is small; see [ReadSmall].
//
// Outside: what a setting means, the rules in the config file (package main), and what AiR and S3 do with the keys.
package config
