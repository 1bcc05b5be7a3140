"""The texts of the file to take home."""

ENGLISH = {
    "home_network": "{model}, {parameters} parameters. Saved on {date}.",
    "home_network_tested": "{model}, {parameters} parameters, {accuracy} of its test pictures right. Saved on {date}.",
    "home_offline": "The network is in this file: it answers without the internet, and nothing leaves this device.",
    "home_no_script": "This file needs JavaScript.",
    "home_invitation": "Choose a picture, or take one.",
    "home_choose": "Picture…",
    "home_camera": "Camera",
    "home_picture": "The picture, with the part that the network looks at first",
    "home_seen": "All that the network sees",
    "home_unreadable": "This picture cannot be opened here: choose a JPEG or PNG file.",
}

CHINESE = {
    "home_network": "{model}，{parameters} 个参数。保存于 {date}。",
    "home_network_tested": "{model}，{parameters} 个参数，测试图片答对 {accuracy}。保存于 {date}。",
    "home_offline": "网络就在这个文件里：不需要联网就能回答，任何内容都不会离开这台设备。",
    "home_no_script": "此文件需要 JavaScript。",
    "home_invitation": "请选择一张图片，或拍一张。",
    "home_choose": "图片…",
    "home_camera": "相机",
    "home_picture": "这张图片，以及网络首先看的部分",
    "home_seen": "网络看到的全部内容",
    "home_unreadable": "这张图片在这里无法打开：请选择 JPEG 或 PNG 文件。",
}
