"""The wire types of MCP, one module per topic; import from the topic.

========================  ==========================================================
module                    what it holds
========================  ==========================================================
:mod:`.base`              the struct everything derives from, params and result bases,
                          request ``_meta``, icons, annotations, ``Implementation``
:mod:`.content`           content blocks, messages of sampling and prompts use them
:mod:`.capabilities`      client and server capabilities
:mod:`.lifecycle`         ``initialize``, ``server/discover``, ``ping``
:mod:`.tools`             ``tools/*``
:mod:`.resources`         ``resources/*``, contents of resources
:mod:`.prompts`           ``prompts/*``
:mod:`.completion`        ``completion/complete``
:mod:`.logging`           levels, ``logging/setLevel``, ``notifications/message``
:mod:`.progress`          progress and cancellation
:mod:`.sampling`          ``sampling/createMessage``
:mod:`.elicitation`       ``elicitation/create``
:mod:`.form_schema`       the field schemas of an elicitation form
:mod:`.roots`             ``roots/list``
:mod:`.mrtr`              ``InputRequiredResult`` and the requests inside it
:mod:`.subscriptions`     ``subscriptions/listen``
:mod:`.tasks`             tasks as 2025-11-25 has them
:mod:`.decoding`          JSON to these types, unknown content kept
========================  ==========================================================
"""
