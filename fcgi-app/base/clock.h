/* clock: the two clocks, and time as text. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

/* Microseconds since 1970 UTC; for what is stored, logged or shown. */
int64_t clock_now_us(void);

/* Microseconds on a clock that never jumps; for deadlines and durations. */
int64_t clock_monotonic_us(void);

/* The same clock's nanoseconds. */
int64_t clock_monotonic_ns(void);

/* Writes an RFC 3339 UTC time with milliseconds, "2026-01-31T12:00:00.123Z". RFC 3339 ends with the
 * year 9999. */
void clock_format(int64_t us, char out[CLOCK_TEXT_SIZE]);

/* Sleeps, without being cut short by a signal. */
void clock_sleep_us(int64_t us);

#endif
