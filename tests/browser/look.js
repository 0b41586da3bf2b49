// A page in a browser that reaches nothing but the pair, and all that is wrong with it.
'use strict';
const fs = require('fs');
const { chromium } = require('playwright-core');

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const DEADLINE_MS = 60000;
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// No name has an address, so that whatever asks for one fails.
function open() {
    return chromium.launch({ executablePath: CHROMIUM, timeout: DEADLINE_MS,
        args: ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'] });
}

class Look {
    // place is where the page's files are, and nothing else may be asked for than what is below it or in also.
    static async at(browser, place, { colours = 'light', width = 1280, also = [] } = {}) {
        const look = new Look();
        look.faults = [];
        look.page = await browser.newPage({ colorScheme: colours, viewport: { width, height: 900 } });
        look.page.setDefaultTimeout(DEADLINE_MS);
        look.page.on('console', (message) => {
            if (['error', 'warning'].includes(message.type())) look.faults.push(`console: ${message.text()}`);
        });
        look.page.on('pageerror', (error) => look.faults.push(`exception: ${error.message}`));
        look.page.on('requestfailed', (request) => look.faults.push(`failed: ${request.url()}`));
        look.page.on('request', (request) => {
            if (![place, ...also].some((start) => request.url().startsWith(start))) look.faults.push(`asked for ${request.url()}`);
        });
        await look.page.goto(`${place}index.html`);
        await look.page.locator('.opblock').first().waitFor();
        return look;
    }

    operation(tag, name) {
        return this.page.locator(`#operations-${tag}-${name}`);
    }

    // Opens operations, each given as its tag and name, and waits until they are there.
    async open(...operations) {
        for (const [tag, name] of operations) {
            await this.operation(tag, name).locator('.opblock-summary-control').click();
            await this.operation(tag, name).locator('.responses-table').first().waitFor();
        }
    }

    async openAll() {
        const ids = await this.page.locator('.opblock').evaluateAll((all) => all.map(({ id }) => id));
        await this.open(...ids.map((id) => id.split('-').slice(1)));
    }

    // What axe finds goes to the faults.
    async judge(when) {
        await this.page.evaluate(AXE);
        const { violations, passes } = await this.page.evaluate(() => axe.run({ preload: false }));
        if (passes.length === 0) this.faults.push(`axe looked at nothing, ${when}`);
        for (const { id, nodes } of violations) {
            this.faults.push(`axe ${id}, ${when}: ${nodes.length} times, first ${nodes[0].html.slice(0, 200)}`);
        }
    }

    async picture(file) {
        await this.page.screenshot({ path: file });
    }
}

module.exports = { open, Look };
