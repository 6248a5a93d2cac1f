// Package openjobs counts the jobs of an account that AiR has accepted and not ended.
//
// A [Counter] is told of each accepted job, and asks AiR what became of those that may have ended.
//
//  1. A job counts as open from its acceptance, listed or not, until AiR says of it that it completed, failed or was cancelled, or
//     no longer has it. What a list does not show has not ended. So the count is never too low.
//  2. Only jobs whose Batch is one of the queue's count. Jobs of others do not.
//  3. A page of a batch's list tells of a hundred jobs and costs what one job costs, so jobs are asked for by page where several of a
//     page are due, and singly where one is.
//  4. A job is due once it is nearly as old as others became, and then after a part of its age. Nothing is asked while nobody
//     waits for an end.
//  5. At a start the open jobs of earlier runs are read from AiR's list by status: as many pages as they fill, however many have
//     ended. What was accepted shortly before is not listed yet, so the list is read a settle window later.
//  6. While AiR does not answer, the count stays as it is.
//
// Outside: who waits for the count, and what the end of a job means. Another source of ends calls [Counter.Ended].
package openjobs
