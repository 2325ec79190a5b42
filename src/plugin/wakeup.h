/* Waking the broker's thread from another one, so that it makes a turn and calls TICK (docs/adr/0003-verification.md).
 *
 * A signal with a handler that does nothing ends the broker's epoll_wait. SIGURG, as Go's run time does: without a
 * handler it is ignored, so that one that comes late harms nobody. The handler is installed only where none is, and
 * removed when the last instance of the plugin is done with it.
 */
#ifndef SQLAUTH_PLUGIN_WAKEUP_H
#define SQLAUTH_PLUGIN_WAKEUP_H

#include <stdbool.h>

/* From the broker's thread. False: the signal is somebody else's; nothing to undo. */
bool wakeup_install(void);
void wakeup_uninstall(void);

/* Any thread, between install and uninstall. */
void wakeup_send(void);

#endif
