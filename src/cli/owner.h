/* Whose a new database is. */
#ifndef SQLAUTH_CLI_OWNER_H
#define SQLAUTH_CLI_OWNER_H

#define CLI_BROKER_USER "mosquitto" /* what the packages of all distributions call it */

/* asked: the option's value, or NULL. NULL: the file stays with whoever makes it. */
const char *cli_owner_choose(const char *asked);

#endif
