#include "torture/commands.h"

#include "torture/wrong.h"

enum { COMMANDS_PATIENCE_MS = 60000, COMMANDS_THINK_MS = 40 };

static void commands_live(void *context, size_t thread)
{
    struct commands *commands = context;
    (void)thread;
    while (!atomic_load(&commands->finishing) && !wrong_any() &&
           atomic_load(&commands->told) < COMMANDS_MAX) {
        commands->next(commands);
        load_sleep_ms((int)load_random(&commands->random, COMMANDS_THINK_MS));
    }
}

bool commands_start(struct commands *commands, const struct pair *pair, uint64_t seed,
                    void (*next)(struct commands *commands))
{
    commands->pair = *pair;
    commands->random = seed;
    commands->next = next;
    commands->started = load_start(&commands->load, 1, commands_live, commands);
    return commands->started;
}

void commands_finish(struct commands *commands)
{
    atomic_store(&commands->finishing, true);
    if (commands->started)
        load_join(&commands->load);
}

int commands_run(struct commands *commands, const char *const *argv, char out[COMMANDS_OUT_SIZE],
                 int kill_ms)
{
    bool kills = kill_ms > 0 && load_random(&commands->random, 4) == 0;
    int ms = kills ? (int)load_random(&commands->random, (uint32_t)kill_ms) : COMMANDS_PATIENCE_MS;
    int status = pair_command_within(&commands->pair, argv, out, COMMANDS_OUT_SIZE, ms);
    commands->killed += kills && status < 0;
    if (status < 0 && !kills)
        wrong_say("postern %s did not end within %d ms", argv[0], ms);
    return status;
}
