"""What the record types of Linux audit are about.

Source: ``lib/msg_typetab.h`` and ``auparse/normalize_record_map.h`` of audit-userspace; ``include/uapi/linux/audit.h`` of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .events import EventClass, word_set

_ACCESS: Final = frozenset({"PATH", "OPENAT2", "MQ_OPEN", "IPC", "FD_PAIR", "OBJ_PID", "AVC_PATH", "FS_RELABEL", "FANOTIFY"})
_TYPES: Final[Mapping[EventClass, str]] = {
    "authentication": """USER_AUTH USER_LOGIN USER_LOGOUT USER_START USER_END USER_ERR USER_CHAUTHTOK LOGIN CRED_ACQ CRED_DISP CRED_REFR
        GRP_AUTH GRP_CHAUTHTOK CRYPTO_SESSION CRYPTO_KEY_USER CRYPTO_LOGIN CRYPTO_LOGOUT CRYPTO_IKE_SA CRYPTO_IPSEC_SA USER_DEVICE
        ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_ACCT ANOM_LOGIN_LOCATION ANOM_LOGIN_ROOT ANOM_LOGIN_SERVICE""",
    "authorisation": """AVC USER_AVC USER_ACCT SELINUX_ERR USER_SELINUX_ERR SECCOMP APPARMOR APPARMOR_AUDIT APPARMOR_ALLOWED APPARMOR_DENIED
        APPARMOR_HINT APPARMOR_STATUS APPARMOR_ERROR DAC_CHECK LANDLOCK_ACCESS LANDLOCK_DOMAIN IPE_ACCESS ANOM_RBAC_FAIL ANOM_ACCESS_FS
        ANOM_MAX_DAC ANOM_MAX_MAC ANOM_LINK LABEL_OVERRIDE USER_ROLE_CHANGE""",
    "administration": """ADD_USER DEL_USER ADD_GROUP DEL_GROUP USER_MGMT GRP_MGMT ACCT_LOCK ACCT_UNLOCK CHUSER_ID CHGRP_ID USER_CMD USER_TTY
        TTY ROLE_ASSIGN ROLE_MODIFY ROLE_REMOVE CONFIG_CHANGE USYS_CONFIG FEATURE_CHANGE SERVICE_START SERVICE_STOP SYSTEM_BOOT
        SYSTEM_RUNLEVEL SYSTEM_SHUTDOWN KERN_MODULE BPF NETFILTER_CFG SOFTWARE_UPDATE TIME_INJOFFSET TIME_ADJNTPVAL URINGOP MAC_POLICY_LOAD
        USER_MAC_POLICY_LOAD USER_MAC_CONFIG_CHANGE MAC_STATUS MAC_CONFIG_CHANGE MAC_CHECK MAC_MAP_ADD MAC_MAP_DEL MAC_UNLBL_ALLOW
        LABEL_LEVEL_CHANGE DEV_ALLOC DEV_DEALLOC ANOM_ADD_ACCT ANOM_DEL_ACCT ANOM_MOD_ACCT ANOM_PROMISCUOUS KERNEL CAPSET
        VIRT_CONTROL VIRT_CREATE VIRT_DESTROY VIRT_INTEGRITY_CHECK VIRT_MACHINE_ID VIRT_MIGRATE_IN VIRT_MIGRATE_OUT VIRT_RESOURCE
        DM_CTRL DM_EVENT FS_WATCH LIST_RULES""",
    "data_access": "USER_LABELED_EXPORT USER_UNLABELED_EXPORT",
}
_CLASSES: Final[Mapping[str, EventClass]] = {name: sort for sort, names in _TYPES.items() for name in names.split()}
_RANK: Final[Mapping[EventClass, int]] = {"authentication": 0, "authorisation": 1, "administration": 2, "data_access": 3, "other": 4}

_NUMBERS: Final[Mapping[str, str]] = dict(
    pair.split(":")
    for pair in word_set(
        """1006:LOGIN 1100:USER_AUTH 1101:USER_ACCT 1103:CRED_ACQ 1104:CRED_DISP 1105:USER_START 1106:USER_END 1107:USER_AVC
    1110:CRED_REFR 1112:USER_LOGIN 1113:USER_LOGOUT 1123:USER_CMD 1130:SERVICE_START 1131:SERVICE_STOP 1300:SYSCALL 1302:PATH
    1305:CONFIG_CHANGE 1306:SOCKADDR 1307:CWD 1309:EXECVE 1325:NETFILTER_CFG 1326:SECCOMP 1327:PROCTITLE 1334:BPF 1400:AVC
    1403:MAC_POLICY_LOAD 1404:MAC_STATUS 1701:ANOM_ABEND 2000:KERNEL"""
    )
)
"""Types that the kernel writes as numbers in its own log, and older tools as ``UNKNOWN[1334]``."""


def name_of_type(text: str) -> str:
    """Returns the name of a type, where it is written as a number."""
    return _NUMBERS.get(text.removeprefix("UNKNOWN[").removesuffix("]"), text)


def class_of_types(types: Iterable[str]) -> EventClass:
    """Returns the class of an event with records of these types.

    A system call that names files is data access, unless it runs a program; any other one is told by the records beside it.
    """
    found = frozenset(types)
    classes = [_CLASSES[name] for name in found if name in _CLASSES]
    classes += ["administration" for name in found if name.startswith(("DAEMON_", "RESP_", "INTEGRITY_"))]
    if classes:
        return min(classes, key=_RANK.__getitem__)
    return "data_access" if found & _ACCESS and "EXECVE" not in found else "other"
