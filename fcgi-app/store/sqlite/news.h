/* news: the calls that tell which products have changed; see calls.def. */
#ifndef STORE_SQLITE_NEWS_H
#define STORE_SQLITE_NEWS_H

#include "store/driver.h"

store_news_call sqlite_news;
store_news_purge_call sqlite_news_purge;

#endif
