// A client that is made of the description alone: openapi.ts holds its types. Takes the service's address, and orders.
import createClient from 'openapi-fetch';
import type { paths } from './openapi.ts';

declare const process: { argv: string[] };
const baseUrl = process.argv[2];
if (baseUrl === undefined) throw new Error('give the address');
const api = createClient<paths>({ baseUrl });

const list = await api.GET('/products', { params: { query: { limit: 1 } } });
const product = list.data?.[0];
if (product === undefined) throw new Error(list.error ? list.error.title : 'there is no product');

// @ts-expect-error A quantity is no text.
const wrong: Parameters<typeof api.POST<'/orders'>>[1]['body'] = { items: [{ product_id: product.id, quantity: '1' }] };
// @ts-expect-error A product has no member of this name.
if (product.sku !== undefined) throw new Error(JSON.stringify(wrong));

const placed = await api.POST('/orders', {
    params: { header: { 'Idempotency-Key': '"made"' } },
    body: { items: [{ product_id: product.id, quantity: 1 }], reference: 'made' },
});
if (placed.error) throw new Error(`${placed.response.status} ${placed.error.title}`);
const { id, total, status }: { id: string; total: number; status: 'confirmed' | 'cancelled' } = placed.data;
console.log(JSON.stringify({ id, total, status }));
