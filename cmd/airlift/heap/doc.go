// Package heap bounds the memory of a process by how many items its batch has.
//
// GOMEMLIMIT and GOGC of the environment override what is set here.
package heap
