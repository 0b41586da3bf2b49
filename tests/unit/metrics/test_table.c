/* Two programs count in one memory only if their tables are the same. */
#include "metrics/table.h"

#include <string.h>

#include "check.h"
#include "suite.h"

static struct table_metric metrics[METRIC_MAX];
static struct table_value values[IS_MAX];
static struct table_unit units[METRIC_UNITS];

static void begin(void)
{
    memcpy(metrics, table_metrics, sizeof metrics);
    memcpy(values, table_values, sizeof values);
    memcpy(units, table_units, sizeof units);
}

static bool is_the_same(void)
{
    bool same = table_shape(metrics, values, units) ==
                table_shape(table_metrics, table_values, table_units);
    begin();
    return same;
}

static void test_shape(void)
{
    begin();
    CHECK_TRUE(is_the_same());
    metrics[METRIC_LOG_DROPPED] = table_metrics[METRIC_LOG_ERRORS];
    metrics[METRIC_LOG_ERRORS] = table_metrics[METRIC_LOG_DROPPED];
    CHECK_FALSE(is_the_same());
    metrics[METRIC_REQUESTS].labels[0] = LABEL_METHOD;
    metrics[METRIC_REQUESTS].labels[1] = LABEL_ROUTE;
    CHECK_FALSE(is_the_same());
    metrics[METRIC_REQUESTS].labels[3] = LABEL_NONE;
    CHECK_FALSE(is_the_same());
    metrics[METRIC_REQUESTS].unit = METRIC_ONE;
    CHECK_FALSE(is_the_same());
    metrics[METRIC_QUEUE].type = METRIC_COUNTER;
    CHECK_FALSE(is_the_same());
    values[IS_OVER_SHARE] = table_values[IS_CROWDED_OUT];
    values[IS_CROWDED_OUT] = table_values[IS_OVER_SHARE];
    CHECK_FALSE(is_the_same());
    units[METRIC_SECONDS].bounds[0]++;
    CHECK_FALSE(is_the_same());
    units[METRIC_ONE].buckets--;
    CHECK_FALSE(is_the_same());
    /* What only readers see. */
    metrics[METRIC_REQUESTS].help = "";
    CHECK_TRUE(is_the_same());
}

int main(void)
{
    CU_TestInfo tests[] = {{"shape", test_shape}, CU_TEST_INFO_NULL};
    return suite_run("unit/metrics/table", NULL, NULL, tests);
}
