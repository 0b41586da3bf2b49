/* stock: the calls on products' stock and its ledger, see calls.def. */
#ifndef STORE_POSTGRES_STOCK_H
#define STORE_POSTGRES_STOCK_H

#include "store/postgres/session.h"

store_stock_adjust_call postgres_stock_adjust;
store_stock_list_call postgres_stock_list;
store_stock_entries_call postgres_stock_entries;

#endif
