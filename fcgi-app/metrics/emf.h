/* emf: the metrics as CloudWatch takes them from a log, in its embedded metric format (Amazon
 * CloudWatch User Guide, "Specification: Embedded metric format"). emf.def lists which.
 *
 * A counter is told as what it grew by since it was told last, a gauge as it is. A histogram is
 * told as the bounds of its buckets, and how many values each got: no percentile comes out too low.
 */
#ifndef METRICS_EMF_H
#define METRICS_EMF_H

#include <stdbool.h>
#include <stdint.h>

enum { EMF_MEMBERS_MAX = 3800 }; /* bytes of one object's members */

/* Maps the memory of what was told, before the fork: whoever tells goes on where one before it was
 * killed. False if there is none (errno); then nothing is told. */
bool emf_open(void);
void emf_close(void);

/* Puts one object: members is its JSON without the braces, EMF_MEMBERS_MAX at most. False if it
 * could not be put. */
typedef bool emf_put(const char *members);

/* Tells all, in an object for each combination of dimensions, and one for what has none. name_space
 * is CloudWatch's, now_ms is since 1970 UTC. Ends at the first object that is not put; that and the
 * rest are told the next time. One process at a time may call it. */
void emf_tell(const char *name_space, int64_t now_ms, emf_put *put);

#endif
