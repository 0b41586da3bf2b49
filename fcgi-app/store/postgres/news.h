/* news: the calls that tell which products have changed; see calls.def. */
#ifndef STORE_POSTGRES_NEWS_H
#define STORE_POSTGRES_NEWS_H

#include "store/driver.h"

store_news_call postgres_news;
store_news_purge_call postgres_news_purge;

#endif
