/* streams: the three standard descriptors. */
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

#include <stdbool.h>

/* Opens those of 0, 1 and 2 that whoever started this process had closed, so that no socket or
 * database gets the number of one, and a message ends up in it. They are /dev/null, but opened so
 * that reading the first and writing to the others fails, as with a closed one: a command whose
 * output nobody gets does not call that a success. False if it cannot be opened. */
bool streams_open(void);

#endif
