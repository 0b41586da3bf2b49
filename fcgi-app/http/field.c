#include "http/field.h"

#include <stdio.h>

/* How the rate's policy is called. */
#define FIELD_POLICY "\"consumer\""

void field_rate_policy(const struct bucket_state *bucket, char out[FIELD_RATE_SIZE])
{
    snprintf(out, FIELD_RATE_SIZE, FIELD_POLICY ";q=%d;w=%d", bucket->quota, bucket->window_s);
}

void field_rate(const struct bucket_state *bucket, char out[FIELD_RATE_SIZE])
{
    snprintf(out, FIELD_RATE_SIZE, FIELD_POLICY ";r=%d;t=%d", bucket->left, bucket->reset_s);
}
