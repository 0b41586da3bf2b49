/* stock: the calls on products' stock and its ledger, see calls.def. */
#ifndef STORE_SQLITE_STOCK_H
#define STORE_SQLITE_STOCK_H

#include "store/sqlite/connection.h"

store_stock_adjust_call sqlite_stock_adjust;
store_stock_list_call sqlite_stock_list;
store_stock_entries_call sqlite_stock_entries;

#endif
