/*
 * mail_serve.c - reminders by mail in a running server: the operator's options, and what the mail thread needs of the others.
 */
#include "server/host/server.h"
